// English, for mail.
export const en = {
  subject: "Subject",
  cc: "Cc",
  ccHint: "addresses, with commas between them",
  editHead: "Edit subject and cc",
  earlierWords: "Earlier words",
  asSent: "As it was sent",
  noLook: "It cannot be shown: {why}",
  from: "from {name}",
  stranger: "From somebody who took no part before.",
  failedChecks: "The sender may be forged: {why}",
};
