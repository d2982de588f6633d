// Turkish, for mail.
import type { en } from "./mail.en";

export const tr: Record<keyof typeof en, string> = {
  subject: "Konu",
  cc: "Bilgi",
  ccHint: "adresler, aralarında virgülle",
  editHead: "Konuyu ve bilgi alanını düzenle",
  earlierWords: "Önceki yazışma",
  asSent: "Gönderildiği gibi",
  noLook: "Gösterilemiyor: {why}",
  from: "gönderen: {name}",
  stranger: "Bu yazışmada daha önce yer almamış birinden.",
  failedChecks: "Gönderenin adresi sahte olabilir: {why}",
};
