/** The roles, and what each is for, in a few words: the server decides what it may do. */
export const ROLES: Record<string, string> = {
  viewer: "sees certificates",
  operator: "writes subjects and certifies",
  certifier: "writes profiles, too",
  reviewer: "reads the audit trail",
  administrator: "lets people in",
};
