// What GraphiQL keeps in the browser (tabs, history) without the secrets and identity numbers typed into them: they stay in
// the page until it is left.
const secret =
  /("?\b(?:password|current|new|totp|token|signingKey|nationalId|cardNumber)\b"?\s*:\s*)(?:"""[^]*?(?:"""|$)|"(?:[^"\\\n]|\\.)*(?:"|$)?)/gi;

const blank = (text) => text.replace(secret, '$1""');

/** A value as GraphiQL stores it: plain text, or JSON that holds such texts under "query" and "variables". */
function scrub(key, value) {
  if (/:(query|variables)$/.test(key)) return blank(value);
  try {
    return JSON.stringify(JSON.parse(value), (name, inner) =>
      (name === 'query' || name === 'variables') && typeof inner === 'string' ? blank(inner) : inner,
    );
  } catch {
    return value;
  }
}

export const carefulStorage = {
  get length() {
    return localStorage.length;
  },
  getItem: (key) => localStorage.getItem(key),
  setItem: (key, value) => localStorage.setItem(key, scrub(key, value)),
  removeItem: (key) => localStorage.removeItem(key),
  clear: () => localStorage.clear(),
};
