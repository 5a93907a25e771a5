<?php
// SPDX-License-Identifier: GPL-3.0-or-later
declare(strict_types=1);

// Runs the migrations that the database has not had yet, in one transaction: all of them or none.
// `php migrate.php current` prints the last one that it has had.

$database = new PDO('pgsql:', null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
$known = $database->query("select to_regclass('migrations')")->fetchColumn() !== null;
$had = $known ? $database->query('select name from migrations order by name')->fetchAll(PDO::FETCH_COLUMN) : [];

if (($argv[1] ?? '') === 'current') {
    echo end($had), "\n";
    exit;
}

$database->beginTransaction();
$database->exec('create table if not exists migrations (name text primary key)');
$files = glob(__DIR__ . '/migrations/*.sql');
sort($files);
foreach ($files as $file) {
    $name = basename($file, '.sql');
    if (!in_array($name, $had, true)) {
        $database->exec((string) file_get_contents($file));
        $database->prepare('insert into migrations values (?)')->execute([$name]);
        echo $name, "\n";
    }
}
$database->commit();
