<?php
// SPDX-License-Identifier: GPL-3.0-or-later
declare(strict_types=1);

// The page of index.php, which has read the entries: list of name and text.
$plain = fn (string $text): string => htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE);
?>
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Guestbook</title>
<h1>Guestbook of the lighthouse</h1>
<form method="post" action="/">
  <input type="hidden" name="key">
  <label>Name <input name="name" maxlength="80" required></label>
  <label>Entry <textarea name="text" maxlength="1000" required></textarea></label>
  <button>Write</button>
</form>
<script>document.forms[0].key.value = crypto.randomUUID()</script>
<ul>
<?php foreach ($entries as $entry) : ?>
  <li><b><?= $plain($entry['name']) ?></b> <?= $plain($entry['text']) ?></li>
<?php endforeach ?>
</ul>
</html>
