#!/bin/sh
# Checks a Plimsoll certificate (format version 1) without Plimsoll: openssl, sha256sum, and Python 3.9 or later.
#   sh verify.sh DIR [TRUST [TIME]]   TRUST: file of trusted keys; TIME: as 2026-11-21T20:59:13Z, default now
# Steps 1-5 and 9-11 of docs/FORMAT.md. It recomputes no statistics, judges nothing and counts no attempts.
# Exit: 0 valid, and TRUST has the issuer's key; 1 invalid; 2 nothing to read; 3 issuer unknown, or a file is missing.
[ $# -ge 1 ] && [ $# -le 3 ] || { echo "usage: sh verify.sh DIR [TRUST [TIME]]" >&2; exit 2; }
for tool in openssl sha256sum python3; do
    command -v "$tool" > /dev/null || { echo "$tool is not installed" >&2; exit 2; }
done
exec python3 -I - "$1" "${2-}" "${3-}" <<'PYTHON'
import base64, hashlib, json, os, re, subprocess, sys, tempfile, time
root, trust_path, at = *sys.argv[1:3], sys.argv[3] or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
sys.excepthook = lambda kind, error, trace: print("invalid: malformed: %a" % error)  # and Python exits with 1
def stop(code, why): print(["", "invalid", "unreadable", "no answer"][code] + ": " + ascii(why)[1:-1]); sys.exit(code)
def need(holds, why, code=1): holds or stop(code, why)
def sha(data): return hashlib.sha256(data).digest()
def b64(text):
    raw = base64.b64decode(text, validate=True)
    need(base64.b64encode(raw).decode() == text, "base64 with another spelling"); return raw
need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", at), "TIME is not of the form 2026-11-21T20:59:13Z", 2)
files = {}  # The folder: plain files with plain names, within limits.
for folder, folders, names in os.walk(root, onerror=lambda error: stop(2, str(error))):
    need(folders or names or folder == root, folder + " is an empty folder")
    for name in folders + names:
        path = os.path.join(folder, name)
        need(re.fullmatch("[a-z0-9_-][a-z0-9._-]*", name), "file name not allowed: " + path)
        need(not os.path.islink(path) and (name in folders or os.path.isfile(path)), path + " is no plain file")
        need(os.path.getsize(path) <= 64 << 20 and len(files) < 4096, "larger than allowed: " + path)
        if name in names: files[os.path.relpath(path, root)] = open(path, "rb").read()
NAME, PROOF, CHECKPOINT = "certificate.dsse.json", "certificate.tlog-proof", "log/checkpoint"
need(NAME in files, "there is no " + NAME, 2)
# Step 1: canonical JSON is the bytes that its value prints to.
def no_float(text): raise ValueError("not an integer: " + text)
def integer(text): return int(text) if abs(int(text)) <= 1 << 53 else no_float(text)
def canonical(path, data):
    value = json.loads(data.decode(), parse_int=integer, parse_float=no_float, parse_constant=no_float)
    again = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    need(again == data, path + ": not canonical JSON"); return value
def shape(path, value, keys, optional=""):
    need(set(keys.split()) <= set(value) <= set((keys + " " + optional).split()), path + ": fields of another version")
CERTIFICATE = """status level issuance assurance subject not_before not_after measured_from measured_until issuer plan
    environment calibration earlier_attempts criteria domains conditions exclusions not_proven files"""
MEASUREMENT = "plan criterion measurement verdict reason"
INTOTO, INTYPE = "application/vnd.in-toto+json", "https://in-toto.io/Statement/v1"
def statement(path, kind, keys, optional):
    envelope = canonical(path, files[path].removesuffix(b"\n"))
    need(files[path].endswith(b"\n"), path + ": no newline at the end")
    shape(path, envelope, "payload payloadType signatures")
    [signature] = envelope["signatures"]; shape(path, signature, "keyid sig")
    payload = b64(envelope["payload"]); said = canonical(path, payload)
    shape(path, said, "_type predicate predicateType subject")
    if re.fullmatch(kind + r"([2-9]|[1-9]\d+)", said["predicateType"]): stop(3, path + " was made by a newer Plimsoll")
    need((envelope["payloadType"], said["_type"], said["predicateType"]) == (INTOTO, INTYPE, kind + "1"), path + ": type")
    shape(path, said["predicate"], keys, optional); return payload, said, signature
signed = {NAME: statement(NAME, "urn:plimsoll:certificate:v", CERTIFICATE, "load_line gaps reproduction")}
for path in sorted(path for path in files if path.startswith("statements/")):
    signed[path] = statement(path, "urn:plimsoll:measurement:v", MEASUREMENT, "control")
payload, cert = signed[NAME][0], signed[NAME][1]["predicate"]
# Steps 2 and 3: keys of prime order in their one spelling (openssl takes small orders too), signatures by openssl.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493; D = -121665 * pow(121666, -1, P) % P
def add(a, b):
    t = D * a[0] * b[0] * a[1] * b[1]
    return (a[0] * b[1] + a[1] * b[0]) * pow(1 + t, -1, P) % P, (a[1] * b[1] + a[0] * b[0]) * pow(1 - t, -1, P) % P
def key(text):
    name, key_id, raw = (str(text).split("+", 2) + ["", ""])[:3]; raw = b64(raw)
    is_key = len(raw) == 33 and raw[0] == 1 and key_id == sha(name.encode() + b"\n" + raw)[:4].hex()
    need(is_key, "not an Ed25519 verifier key with its id"); raw = raw[1:]
    need(name == "plimsoll/" + sha(raw).hex()[:16], "an issuer's key does not bear the name that follows from it")
    sign, y = divmod(int.from_bytes(raw, "little"), 2**255)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P; x = pow(square, (P + 3) // 8, P)
    if x * x % P != square: x = x * pow(2, (P - 1) // 4, P) % P
    need(1 < y < P and x * x % P == square, "the key is not canonical, or not on the curve")
    point, product, n = (P - x if x % 2 != sign else x, y), (0, 1), L
    while n: product, point, n = add(product, point) if n & 1 else product, add(point, point), n >> 1
    need(product == (0, 1), "the key is not of prime order"); return name, raw
def check_signature(what, raw, message, sig):
    der = bytes.fromhex("302a300506032b6570032100") + raw
    with tempfile.TemporaryDirectory() as folder:
        for name, data in ("key", der), ("sig", sig), ("message", message):
            with open(os.path.join(folder, name), "wb") as file: file.write(data)
        call = "openssl pkeyutl -verify -pubin -inkey key -keyform DER -rawin -in message -sigfile sig"
        done = subprocess.run(call.split(), cwd=folder, capture_output=True)
    need(done.returncode == 0, what + ": the signature is not by the key that the certificate names")
(_, raw_key), (origin, raw_log) = key(cert["issuer"]["certificate_key"]), key(cert["issuer"]["log_key"])
for path, (body, _, signature) in signed.items():
    pae = b"DSSEv1 %d %s %d %s" % (len(INTOTO), INTOTO.encode(), len(body), body)
    check_signature(path, raw_key, pae, b64(signature["sig"]))
    need(signature["keyid"] == sha(raw_key).hex(), path + ": keyid is not the digest of the key")
need(raw_key != raw_log, "one key signs both certificates and the log")
# Steps 4 and 5: one subject; every file listed, unchanged, in its place.
subject, listed = cert["subject"]["resources"], {entry["path"]: entry for entry in cert["files"]}
need(subject and all(said["subject"] == subject for _, said, _ in signed.values()), "different subjects, or none")
for entry in cert["files"]: shape("files", entry, "path sha256 size")
need(len(listed) == len(cert["files"]), "a file is listed twice")
own = [path for path in files if path not in (NAME, PROOF) and not path.startswith(("log/", "sign-offs/"))]
for path in own: need(path in listed and listed[path]["size"] == len(files[path]), path + ": unlisted, or other size")
sums = "".join("%s  %s\n" % (listed[path]["sha256"], path) for path in own).encode()
done = subprocess.run(["sha256sum", "--check", "--status", "--strict"], cwd=root, input=sums)
need(done.returncode == 0, "a file is not the one that was signed")
for path, entry in listed.items():
    place = r"report\.html|statements/.*\.dsse\.json|evidence/%s\.(json|txt|hlog)" % entry["sha256"]
    need(re.fullmatch(place, path) and re.fullmatch("[0-9a-f]{64}", entry["sha256"]), path + " has no place here")
for path in listed: need(path in files, path + " is missing", 3)
# Step 9: the log's leaves lead to its signed root, and the certificate is one of them.
def split(leaves): cut = 1 << ((len(leaves) - 1).bit_length() - 1); return leaves[:cut], leaves[cut:]
def root_of(leaves):
    return sha(b"\1" + b"".join(map(root_of, split(leaves)))) if len(leaves) > 1 else leaves[0] if leaves else sha(b"")
def path_of(leaves, index):
    if len(leaves) < 2: return []
    left, right = split(leaves); inner = index - len(left)
    return path_of(right, inner) + [root_of(left)] if inner >= 0 else path_of(left, index) + [root_of(right)]
for path in PROOF, CHECKPOINT: need(path in files, path + " is missing", 3)
note = re.fullmatch(rb"((.+)\n(0|[1-9]\d{0,6})\n(.+)\n)\n\xe2\x80\x94 (.+) (.+)\n", files[CHECKPOINT])
need(note and note[2] == note[5] == origin.encode(), CHECKPOINT + ": malformed, of another log, or cosigned")
size, line, known, leaves, mine = int(note[3]), b64(note[6].decode("latin1")), {CHECKPOINT}, [], {}
for tile in range(-(-size // 256)):
    digits, width = "%03d" % tile if tile < 1000 else "x%03d/%03d" % divmod(tile, 1000), min(256, size - 256 * tile)
    path = "log/tile/0/" + digits + ("" if width == 256 else ".p/%d" % width); known.add(path)
    need(len(files.get(path, b"")) == 32 * width, path + " is missing, or of another length")
    leaves += [files[path][i:i + 32] for i in range(0, 32 * width, 32)]
need(b64(note[4].decode("latin1")) == root_of(leaves), "the log's hashes do not lead to its root")
check_signature(CHECKPOINT, raw_log, note[1], line[4:])
need(line[:4] == sha(origin.encode() + b"\n\1" + raw_log)[:4], CHECKPOINT + ": key id")
for path in (path for path in files if path.startswith("log/") and path not in known):
    number = re.fullmatch(r"log/entries/(0|[1-9]\d{0,6})\.json", path)
    need(number and int(number[1]) < size, path + " has no place in a log")
    need(leaves[int(number[1])] == sha(b"\0" + files[path]), path + " is not the entry of the log")
    entry = canonical(path, files[path])
    shape(path, entry, "seq type time subject profile statement", "previous said")
    need((entry["subject"], entry["profile"]) == (cert["subject"]["name"], cert["level"]), path + ": of another subject")
    if entry["statement"] == sha(payload).hex(): mine[entry["type"]] = max(int(number[1]), mine.get(entry["type"], 0))
need("result" in mine, "the certificate does not stand in the log")
nodes = [base64.b64encode(node).decode() for node in path_of(leaves, mine["result"])]
proof = "\n".join(["c2sp.org/tlog-proof@v1", "index %d" % mine["result"], *nodes, "", ""]).encode()
need(files[PROOF] == proof + files[CHECKPOINT], PROOF + " does not lead from entry to root")
print("intact: canonical JSON, %d signatures, %d files, log of %d entries" % (len(signed) + 1, len(listed), size))
print("NOT checked: numbers and verdicts against the evidence, controls, registration, attempts, sign-offs, waivers")
print("says: %s %s, profile %s, issuer %s" % (cert["subject"]["name"], cert["status"], cert["level"], sha(raw_key).hex()))
# Steps 10 and 11: trust, then withdrawal and time.
try: text = open(trust_path, encoding="utf-8").read() if trust_path else ""
except (OSError, ValueError) as error: stop(2, str(error))
words = [re.sub(r"(?<![^ \t])#.*", "", line).split() for line in text.splitlines()]
trusted = {word[1]: (word[2:] + ["9999-12-31T23:59:59Z"])[0] for word in words if word[:1] == ["certificate"]}
need(cert["issuance"] == "issued", "a demonstration is valid on the machine that made it only", 3)
need(at < trusted.get(cert["issuer"]["certificate_key"], ""), "issuer not known to you", 3)
is_at_rest = mine.get("suspended", -1) > mine.get("reinstated", -1)
need(not is_at_rest and not {"revoked", "superseded"} & set(mine), "withdrawn, replaced or suspended by its issuer")
need(cert["not_before"] <= at < cert["not_after"], "not valid at " + at)
print("valid until " + cert["not_after"])
PYTHON
