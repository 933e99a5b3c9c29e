"use strict";
// Works everything out again from what the page shows; docs/ledger-format.md specifies every byte.
(async () => {
  const told = JSON.parse(document.getElementById("evidence").textContent);
  const bytes = hex => Uint8Array.from(hex.match(/../g) || [], pair => parseInt(pair, 16));
  const hex = data => [...data].map(byte => byte.toString(16).padStart(2, "0")).join("");
  const join = parts => { const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0)); let at = 0; for (const part of parts) { all.set(part, at); at += part.length; } return all; };
  const equal = (one, other) => hex(one) === hex(other);

  // --- msgpack, in its shortest form
  const number = (head, value, size) => { const view = new DataView(new ArrayBuffer(1 + size)); view.setUint8(0, head); if (size === 1) view.setUint8(1, value); else if (size === 2) view.setUint16(1, value); else if (size === 4) view.setUint32(1, value); else view.setBigUint64(1, BigInt(value)); return new Uint8Array(view.buffer); };
  const head = (length, fix, limit, heads) => length < limit ? Uint8Array.of(fix | length) : length < 256 && heads[0] ? number(heads[0], length, 1) : length < 65536 ? number(heads[1], length, 2) : number(heads[2], length, 4);
  const encode = value => {
    if (typeof value === "number") return value < 128 ? Uint8Array.of(value) : value < 256 ? number(0xcc, value, 1) : value < 65536 ? number(0xcd, value, 2) : value < 2 ** 32 ? number(0xce, value, 4) : number(0xcf, value, 8);
    if (typeof value === "string") { const text = new TextEncoder().encode(value); return join([head(text.length, 0xa0, 32, [0xd9, 0xda, 0xdb]), text]); }
    if (value instanceof Uint8Array) return join([value.length < 256 ? number(0xc4, value.length, 1) : number(0xc5, value.length, 2), value]);
    if (Array.isArray(value)) return join([head(value.length, 0x90, 16, [0, 0xdc, 0xdd]), ...value.map(encode)]);
    throw new Error("cannot be encoded");
  };
  const decode = data => {
    const view = new DataView(data.buffer, data.byteOffset, data.length); let at = 0;
    const text = length => { const found = new TextDecoder("utf-8", { fatal: true }).decode(data.subarray(at, at + length)); at += length; return found; };
    const raw = length => data.slice(at, at += length);
    const list = length => Array.from({ length }, one);
    const map = length => { const found = {}; for (let i = 0; i < length; i++) { const key = one(); found[key] = one(); } return found; };
    const unsigned = size => { const found = size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at) : size === 4 ? view.getUint32(at) : Number(view.getBigUint64(at)); at += size; return found; };
    const signed = size => { const found = size === 1 ? view.getInt8(at) : size === 2 ? view.getInt16(at) : size === 4 ? view.getInt32(at) : Number(view.getBigInt64(at)); at += size; return found; };
    const one = () => {
      const kind = unsigned(1);
      if (kind < 0x80) return kind;
      if (kind < 0x90) return map(kind & 15);
      if (kind < 0xa0) return list(kind & 15);
      if (kind < 0xc0) return text(kind & 31);
      if (kind >= 0xe0) return kind - 256;
      switch (kind) {
        case 0xc0: return null; case 0xc2: return false; case 0xc3: return true;
        case 0xcc: return unsigned(1); case 0xcd: return unsigned(2); case 0xce: return unsigned(4); case 0xcf: return unsigned(8);
        case 0xd0: return signed(1); case 0xd1: return signed(2); case 0xd2: return signed(4); case 0xd3: return signed(8);
        case 0xc4: return raw(unsigned(1)); case 0xc5: return raw(unsigned(2)); case 0xc6: return raw(unsigned(4));
        case 0xd9: return text(unsigned(1)); case 0xda: return text(unsigned(2)); case 0xdb: return text(unsigned(4));
        case 0xdc: return list(unsigned(2)); case 0xdd: return list(unsigned(4)); case 0xde: return map(unsigned(2));
        default: throw new Error("not a record");
      }
    };
    const found = one();
    if (at !== data.length) throw new Error("more than a record");
    return found;
  };

  // --- hashes
  const subtle = globalThis.crypto && crypto.subtle;
  const sha256 = async data => new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  const hashed = async value => sha256(encode(value));
  const bit = (path, depth) => path[depth >> 3] >> (7 - (depth & 7)) & 1;
  const rootOf = async proof => {
    const path = await hashed([proof.namespace, proof.key]);
    let current = await sha256(join([Uint8Array.of(2), path, await sha256(bytes(proof.value))]));
    for (let depth = proof.siblings.length - 1; depth >= 0; depth--) {
      const beside = bytes(proof.siblings[depth]);
      current = await sha256(join(bit(path, depth) ? [Uint8Array.of(3), beside, current] : [Uint8Array.of(3), current, beside]));
    }
    return current;
  };
  const fields = header => header.map(value => typeof value === "object" ? bytes(value.hex) : value);
  const [NETWORK, HEIGHT, PARENT, ROUND, MEMBERS, TRANSACTIONS, STATE] = [1, 2, 3, 4, 6, 7, 9];

  // --- what the page shows
  const shown = (key, value) => {
    if (key.endsWith("_fen")) return (value < 0 ? "-" : "") + Math.floor(Math.abs(value) / 100) + "." + String(Math.abs(value) % 100).padStart(2, "0");
    if (key.endsWith("_ms")) return new Date(value).toISOString().slice(0, 16).replace("T", " ");
    return String(value);
  };
  const mark = (id, state) => { document.getElementById(id).className = state; return state; };
  const states = [];
  const check = async (id, test) => {
    let state;
    try { state = await test(); } catch (error) { state = false; }
    states.push(mark("check-" + id, state === null ? "open" : state ? "good" : "bad"));
  };

  const policy = (() => { try { return decode(bytes(told.policy.value)); } catch (error) { return {}; } })();
  const headers = told.headers.map(fields);
  if (subtle) {
    await check("document", async () => {
      const text = document.getElementById("document");
      const good = hex(await hashed(["consortium/commitment", "policy", text.textContent, told.salt])) === policy.fingerprint;
      if (!good) text.classList.add("bad");
      return good;
    });
    await check("particulars", () => {
      let good = document.querySelector("h1").textContent === told.policy.key;
      for (const cell of document.querySelectorAll("[data-field]")) {
        const same = cell.dataset.field in policy && cell.textContent === shown(cell.dataset.field, policy[cell.dataset.field]);
        if (!same) cell.classList.add("bad");
        good = good && same;
      }
      return good;
    });
    await check("policy", async () => told.policy.namespace === "policies" && told.policy.key === told.policy_id && equal(await rootOf(told.policy), headers[0][STATE]));
    await check("record", async () => {
      const record = decode(bytes(told.record.value)), unique = document.getElementById("unique").textContent;
      return told.record.namespace === "notarisations" && told.record.key === unique && policy.notarisation === unique
        && record.policy === told.policy_id && equal(await rootOf(told.record), headers[0][STATE]);
    });
    await check("genesis", async () => {
      const genesis = bytes(told.genesis), [, network, protocol, members] = decode(genesis), first = fields(told.first);
      const voting = members.map(([name, , votes, key], place) => [place, name, hex(key), votes]).filter(([, , , votes]) => votes);
      const voters = (protocol === "solo" ? voting.slice(0, 1) : voting).map(([place, name, key]) => [place, name, key]);
      return network === told.network && protocol === told.protocol && JSON.stringify(voters) === JSON.stringify(told.voters)
        && first[HEIGHT] === 0 && equal(first[TRANSACTIONS], await sha256(join([Uint8Array.of(0), genesis])))
        && hex(await hashed(first)) === document.getElementById("genesis").textContent;
    });
    await check("headers", async () => {
      const voters = told.voters.map(([place, , key]) => [place, bytes(key)]);
      const members = await hashed(["consortium/members", 1, told.protocol, told.quorum, voters]);
      let good = headers.length > 0;
      for (let i = 0; i < headers.length; i++) {
        good = good && headers[i][NETWORK] === told.network && equal(headers[i][MEMBERS], members);
        if (i) good = good && headers[i][HEIGHT] === headers[i - 1][HEIGHT] + 1 && equal(headers[i][PARENT], await hashed(headers[i - 1]));
      }
      const last = headers[headers.length - 1];
      return good && told.certificate.height === last[HEIGHT] && told.certificate.hash === hex(await hashed(last))
        && (told.protocol === "pbft" ? told.certificate.round >= last[ROUND] : told.certificate.round === last[ROUND]);
    });
    await check("signatures", async () => {
      const n = told.voters.length, f = Math.floor((n - 1) / 3);
      const quorum = told.protocol === "pbft" ? Math.ceil((n + f + 1) / 2) : told.protocol === "raft" ? Math.floor(n / 2) + 1 : 1;
      const signed = encode(["consortium/commit", told.certificate.round, told.certificate.height, bytes(told.certificate.hash)]);
      const signers = told.certificate.signatures.map(([place]) => place);
      if (told.quorum !== quorum || signers.length !== quorum || signers.some((place, i) => i && place <= signers[i - 1])) return false;
      let keys;
      try { keys = await Promise.all(told.voters.map(([, , key]) => crypto.subtle.importKey("raw", bytes(key), "Ed25519", false, ["verify"]))); }
      catch (error) { return null; }
      for (const [place, signature] of told.certificate.signatures) {
        const at = told.voters.findIndex(([voter]) => voter === place);
        if (at < 0 || !await crypto.subtle.verify("Ed25519", keys[at], bytes(signature), signed)) return false;
      }
      return true;
    });
  }
  const verdict = document.getElementById("verdict");
  const [state, english, chinese] = states.includes("bad") ? ["bad", "This page has been changed, or was never true. ", "本页已被改动，或从未属实。"]
    : !states.length ? ["open", "Not checked: this browser gives pages no cryptography. ", "未核验：此浏览器不提供加密功能。"]
    : states.includes("open") ? ["open", "All that this browser can check is sound; it knows no Ed25519, so signatures stay unchecked. ", "除签名外均已核验（此浏览器不支持 Ed25519）。"]
    : ["good", "Verified against the chain. ", "已对照区块链核验。"];
  verdict.className = "verdict " + state;
  verdict.textContent = english;
  const beside = document.createElement("span");
  beside.lang = "zh";
  beside.textContent = chinese;
  verdict.append(beside);
  document.documentElement.dataset.verdict = state;
})();
