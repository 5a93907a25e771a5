<?php
// SPDX-License-Identifier: GPL-3.0-or-later
declare(strict_types=1);

// One front page: what it reads, what is written into it, and what a balancer asks.

const NAME_LENGTH = 80;
const TEXT_LENGTH = 1000;

/** The database, by libpq's own variables, which the host has. */
function database(): PDO
{
    return new PDO('pgsql:', null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
}

function answer(int $status, string $type, string $body, string $keep = 'no-store'): void
{
    http_response_code($status);
    header("Content-Type: $type; charset=utf-8");
    header("Cache-Control: $keep");
    echo $body;
}

function show(): void
{
    $entries = database()
        ->query('select name, text from entries order by id desc limit 50')
        ->fetchAll(PDO::FETCH_ASSOC);
    ob_start();
    require __DIR__ . '/../page.php';
    answer(200, 'text/html', (string) ob_get_clean(), 'public, max-age=1');
}

/** Keeps an entry once, however often the browser sends it: the form has a key of its own. */
function keep(array $form): void
{
    $name = trim((string) ($form['name'] ?? ''));
    $text = trim((string) ($form['text'] ?? ''));
    $key = (string) ($form['key'] ?? '');
    $fits = mb_check_encoding($name . $text . $key, 'UTF-8')
        && $name !== '' && mb_strlen($name) <= NAME_LENGTH
        && $text !== '' && mb_strlen($text) <= TEXT_LENGTH
        && preg_match('/^[\w-]{8,64}$/', $key);
    if (!$fits) {
        $rule = sprintf('a name of up to %d signs, a text of up to %d, and a key', NAME_LENGTH, TEXT_LENGTH);
        answer(400, 'text/plain', "an entry has $rule\n");
        return;
    }
    database()
        ->prepare('insert into entries (key, name, text) values (?, ?, ?) on conflict (key) do nothing')
        ->execute([$key, $name, $text]);
    header('Location: /');
    answer(303, 'text/plain', "thank you\n");
}

function ready(): void
{
    database()->query('select 1 from entries limit 1');
    $release = json_decode((string) file_get_contents(__DIR__ . '/../release.json'), true);
    answer(200, 'application/json', (string) json_encode(['version' => $release['version']]));
}

try {
    $path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
    match ($_SERVER['REQUEST_METHOD'] . ' ' . $path) {
        'GET /', 'HEAD /' => show(),
        'POST /' => keep($_POST),
        'GET /live' => answer(200, 'text/plain', "ok\n"),
        'GET /ready' => ready(),
        default => answer(404, 'text/plain', "there is nothing here\n"),
    };
} catch (PDOException $trouble) {
    error_log($trouble->getMessage());
    header('Retry-After: 5');
    answer(503, 'text/plain', "the guestbook cannot be reached, please come again\n");
}
