// What a schema of the reference says: a type in words, its fields, an example. No page is touched here.

/** Deepest nesting that is shown: a type may hold itself. */
const DEPTH_MAX = 6;
const REFERENCE = "#/components/";

/** Follows references to where something stands in the document. */
export function resolve(reference, thing) {
  let found = thing;
  for (let hop = 0; hop < DEPTH_MAX && found?.$ref?.startsWith(REFERENCE); hop += 1) {
    const place = found.$ref.slice(REFERENCE.length).split("/");
    found = place.reduce((inside, key) => inside?.[key], reference.components);
  }
  return found ?? {};
}

/** What a schema allows beside null, and whether it allows null. */
function variants(reference, schema) {
  const known = resolve(reference, schema);
  const choices = known.anyOf ?? known.oneOf;
  const parts = choices
    ? choices.map((choice) => resolve(reference, choice))
    : [known.type ?? "any"].flat().map((type) => ({ ...known, type }));
  const some = parts.filter((part) => part.type !== "null");
  return { some, orNull: some.length < parts.length };
}

function range(least, most, unit) {
  if (most === undefined) return least > 0 ? ` (${least}${unit} or more)` : "";
  return ` (${least ?? 0} to ${most}${unit})`;
}

function oneType(reference, schema) {
  const { type, items, format } = schema;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (type === "array") return `list of ${typeOf(reference, items ?? {})}`;
  if (type === "integer" || type === "number") return type + range(schema.minimum, schema.maximum, "");
  if (type === "string" && format === "password") return "string (secret)";
  if (type === "string") return type + range(schema.minLength, schema.maxLength, " characters");
  return type ?? "object";
}

/** The type in words, where null cannot be said. */
export function plainTypeOf(reference, schema) {
  return variants(reference, schema).some.map((part) => oneType(reference, part)).join(" or ");
}

/** The type in words. */
export function typeOf(reference, schema) {
  const plain = plainTypeOf(reference, schema);
  return variants(reference, schema).orNull ? `${plain} or null` : plain;
}

/** The fields of an object, or of the objects in a list, and their fields in turn. */
export function fieldsOf(reference, schema, depth = 0) {
  const [part] = variants(reference, schema).some;
  if (part === undefined || depth > DEPTH_MAX) return [];
  if (part.type === "array") return fieldsOf(reference, part.items ?? {}, depth + 1);
  return Object.entries(part.properties ?? {}).map(([name, inner]) => ({
    name,
    type: typeOf(reference, inner),
    required: part.required?.includes(name) ?? false,
    description: inner.description ?? "",
    fields: fieldsOf(reference, inner, depth + 1),
  }));
}

/** A value to begin with: what must be there, and nothing else. */
export function exampleOf(reference, schema, depth = 0) {
  const own = resolve(reference, schema);
  const [part] = variants(reference, schema).some;
  const given = own.examples?.[0] ?? own.const ?? own.enum?.[0] ?? own.default ?? part?.enum?.[0];
  if (given !== undefined && given !== null) return given;
  if (part === undefined || depth > DEPTH_MAX) return null;
  if (part.type === "array") return part.items ? [exampleOf(reference, part.items, depth + 1)] : [];
  if (part.properties) {
    const names = part.required ?? [];
    return Object.fromEntries(names.map((name) => [name, exampleOf(reference, part.properties[name] ?? {}, depth + 1)]));
  }
  const plain = { string: "", boolean: false, integer: part.minimum ?? 0, number: part.minimum ?? 0, object: {} };
  return plain[part.type] ?? null;
}
