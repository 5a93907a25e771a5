// SPDX-License-Identifier: GPL-3.0-or-later
"use strict";

const show = (id, text) => { document.getElementById(id).textContent = text; };

// Cents stay whole numbers: they are divided only to be written.
const money = (cents, currency) => {
  const digits = cents % 100 ? 2 : 0;
  return (cents / 100).toLocaleString("en-US", { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits });
};

// The page is everybody's, so that the key is made here: once for each time that it is shown.
const renewKey = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  document.querySelector("[name=idempotency_key]").value =
    Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
};

const refresh = async () => {
  if (document.hidden) return;
  const answer = await fetch("/total");
  if (!answer.ok) return; // what is shown stays, the next time is soon
  const now = await answer.json();
  show("total", money(now.total_cents, now.currency));
  show("backers", now.backers);
  show("percent", now.percent);
  document.getElementById("bar").value = now.total_cents;
};

addEventListener("pageshow", renewKey);
setInterval(() => refresh().catch(() => {}), 2000);
