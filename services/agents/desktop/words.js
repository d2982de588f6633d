// What the page says, in English, Turkish and Latvian.
const LOCALES = ["en", "tr", "lv"];
const WORDS = {
  login: ["Sign-in name", "Kullanıcı adı", "Lietotājvārds"],
  password: ["Password", "Parola", "Parole"],
  signIn: ["Sign in", "Oturum aç", "Pieteikties"],
  signOut: ["Sign out", "Oturumu kapat", "Izrakstīties"],
  "wrong-credentials": ["Name or password is wrong.", "Ad veya parola yanlış.", "Nepareizs vārds vai parole."],
  "too-many-attempts": ["Too many attempts. Try again in {s} s.", "Çok fazla deneme. {s} sn sonra yeniden deneyin.", "Pārāk daudz mēģinājumu. Mēģiniet vēlreiz pēc {s} s."],
  unreachable: ["The server cannot be reached.", "Sunucuya ulaşılamıyor.", "Serveris nav sasniedzams."],
  signedOut: ["You were signed out. Sign in again; what you wrote is still here.", "Oturumunuz kapandı. Yeniden oturum açın; yazdıklarınız duruyor.", "Jūsu sesija ir beigusies. Piesakieties vēlreiz; rakstītais nav zudis."],
  connecting: ["No connection. Trying again; what you do is kept until it is saved.", "Bağlantı yok. Yeniden deneniyor; yaptıklarınız kaydedilene dek saklanır.", "Nav savienojuma. Mēģinām vēlreiz; jūsu darbības tiek glabātas, līdz tās saglabās."],
  available: ["Available", "Müsait", "Pieejams"],
  away: ["Away", "Uzakta", "Prombūtnē"],
  isAway: ["You are away: no conversations are offered to you.", "Uzaktasınız: size görüşme sunulmaz.", "Jūs esat prombūtnē: sarunas jums netiek piedāvātas."],
  missed: ["You missed offers and are away now.", "Teklifleri kaçırdınız; artık uzakta görünüyorsunuz.", "Jūs palaidāt garām piedāvājumus un tagad esat prombūtnē."],
  takeWork: ["I am available", "Müsaitim", "Esmu pieejams"],
  whyAway: ["Away, because…", "Uzakta, çünkü…", "Prombūtnē, jo…"],
  offer: ["Offered to you", "Size sunuldu", "Piedāvāts jums"],
  accept: ["Accept", "Kabul et", "Pieņemt"],
  decline: ["Decline", "Reddet", "Noraidīt"],
  whyDecline: ["Decline, because…", "Ret nedeni…", "Noraidīt, jo…"],
  timeOver: ["time is over", "süre doldu", "laiks beidzies"],
  reason: ["Reason", "Neden", "Iemesls"],
  ownWords: ["In your words (optional)", "Kendi sözlerinizle (isteğe bağlı)", "Saviem vārdiem (nav obligāti)"],
  busy: ["busy with another conversation", "başka bir görüşmeyle meşgul", "aizņemts ar citu sarunu"],
  "not-my-skill": ["not my field", "uzmanlık alanım değil", "nav mana joma"],
  break: ["break", "mola", "pauze"],
  meeting: ["meeting", "toplantı", "sapulce"],
  training: ["training", "eğitim", "apmācība"],
  other: ["other", "diğer", "cits"],
  conversations: ["Your conversations", "Görüşmeleriniz", "Jūsu sarunas"],
  none: ["No conversations yet. You are available: the next one that fits you is offered here.", "Henüz görüşme yok. Müsaitsiniz: size uyan sıradaki görüşme burada sunulur.", "Sarunu vēl nav. Jūs esat pieejams: nākamā piemērotā saruna tiks piedāvāta šeit."],
  choose: ["Choose a conversation.", "Bir görüşme seçin.", "Izvēlieties sarunu."],
  back: ["Back to the list", "Listeye dön", "Atpakaļ uz sarakstu"],
  transcript: ["Messages", "Mesajlar", "Ziņas"],
  reply: ["Reply: Enter sends, Shift+Enter is a new line", "Yanıt: Enter gönderir, Shift+Enter yeni satır", "Atbilde: Enter nosūta, Shift+Enter jauna rinda"],
  send: ["Send", "Gönder", "Sūtīt"],
  count: ["{encoding}: {units} characters, {segments} SMS, {remaining} left", "{encoding}: {units} karakter, {segments} SMS, {remaining} kaldı", "{encoding}: {units} rakstzīmes, {segments} SMS, atlikušas {remaining}"],
  active: ["active", "etkin", "aktīva"],
  "wrapping-up": ["wrapping up", "son işlemler", "pēcapstrādē"],
  offered: ["waits for {to} to accept", "{to} kabul etsin diye bekliyor", "gaida, kad {to} pieņems"],
  queued: ["waiting in {queue}", "{queue} kuyruğunda", "gaida rindā {queue}"],
  snoozed: ["snoozed", "ertelendi", "atlikta"],
  closed: ["closed", "kapalı", "slēgta"],
  notMine: ["not yours any more", "artık sizde değil", "vairs nav jūsu"],
  optedOut: ["The customer has opted out: nothing can be sent.", "Müşteri mesaj almayı durdurdu: gönderilemez.", "Klients ir atteicies no ziņām: sūtīt nevar."],
  transfer: ["Transfer", "Aktar", "Nodot"],
  toQueue: ["To queue", "Kuyruğa", "Rindai"],
  toAgent: ["or to an agent", "ya da bir temsilciye", "vai aģentam"],
  hasRoom: ["{name} (room: {room})", "{name} (boş yer: {room})", "{name} (brīvas vietas: {room})"],
  passedOn: ["passed on by {from}: {note}", "{from} aktardı: {note}", "nodeva {from}: {note}"],
  returned: ["{to} did not take it: {why}", "{to} almadı: {why}", "{to} nepieņēma: {why}"],
  expired: ["no answer in time", "süresinde yanıt yok", "laikus neatbildēja"],
  note: ["Note", "Not", "Piezīme"],
  wrapUp: ["Wrap up", "Son işlemlere geç", "Pēcapstrāde"],
  close: ["Close", "Kapat", "Slēgt"],
  code: ["Result", "Sonuç", "Rezultāts"],
  resolved: ["resolved", "çözüldü", "atrisināts"],
  "no-answer": ["customer fell silent", "müşteri yanıt vermedi", "klients vairs neatbild"],
  spam: ["spam", "istenmeyen ileti", "mēstule"],
  cancel: ["Cancel", "Vazgeç", "Atcelt"],
  saving: ["saving…", "kaydediliyor…", "saglabā…"],
  offline: ["not saved yet: no connection", "henüz kaydedilmedi: bağlantı yok", "vēl nav saglabāts: nav savienojuma"],
  pending: ["saving… (decided, not yet in the log)", "kaydediliyor… (karar verildi, henüz günlükte değil)", "saglabā… (izlemts, vēl nav žurnālā)"],
  waiting: ["not saved yet: the system is behind, trying again", "henüz kaydedilmedi: sistem geride, yeniden deneniyor", "vēl nav saglabāts: sistēma kavējas, mēģinām vēlreiz"],
  failed: ["failed: {why}", "başarısız: {why}", "neizdevās: {why}"],
  again: ["Send again", "Yeniden gönder", "Sūtīt vēlreiz"],
  edit: ["Edit", "Düzenle", "Labot"],
  discard: ["Discard", "Sil", "Dzēst"],
  saved: ["saved, not sent yet", "kaydedildi, henüz gönderilmedi", "saglabāts, vēl nav nosūtīts"],
  accepted: ["taken by the provider", "sağlayıcı aldı", "nodots operatoram"],
  sent: ["sent", "gönderildi", "nosūtīts"],
  delivered: ["delivered", "iletildi", "piegādāts"],
  read: ["read", "okundu", "izlasīts"],
  twice: ["may have arrived twice", "iki kez ulaşmış olabilir", "iespējams, saņemts divreiz"],
  gone: ["The offer is no longer open.", "Teklif artık açık değil.", "Piedāvājums vairs nav spēkā."],
  late: ["Too late: the time to answer was over.", "Geç kaldınız: yanıt süresi dolmuştu.", "Par vēlu: atbildes laiks bija beidzies."],
  "not-yours": ["The conversation is not yours any more.", "Görüşme artık sizde değil.", "Saruna vairs nav jūsu."],
  unknown: ["The conversation is not known any more.", "Görüşme artık bilinmiyor.", "Saruna vairs nav zināma."],
  "opted-out": ["The customer has opted out.", "Müşteri mesaj almayı durdurdu.", "Klients ir atteicies no ziņām."],
  absent: ["That agent is not available.", "O temsilci müsait değil.", "Šis aģents nav pieejams."],
  "no-room": ["That agent has no room.", "O temsilcinin yeri yok.", "Šim aģentam nav vietas."],
  own: ["It is yours already.", "Zaten sizde.", "Tā jau ir jūsu."],
  old: ["Not known whether it was saved. Look at the transcript before you send it again.", "Kaydedilip kaydedilmediği bilinmiyor. Yeniden göndermeden önce mesajlara bakın.", "Nav zināms, vai tas saglabāts. Pirms sūtāt vēlreiz, apskatiet ziņas."],
};
let column = 0;

export const has = (key) => Object.hasOwn(WORDS, key);
export const locale = () => LOCALES[column];

/** The words of a key in the agent's language, `{names}` filled in; an unknown key is shown as it is. */
export const say = (key, values = {}) =>
  (has(key) ? WORDS[key][column] : key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

/** Choose the language (the nearest we have) and write the page's fixed words. */
export function speak(wanted) {
  column = Math.max(0, LOCALES.indexOf(wanted.slice(0, 2)));
  document.documentElement.lang = locale();
  for (const it of document.querySelectorAll("[data-word]")) it.textContent = say(it.dataset.word);
  for (const it of document.querySelectorAll("[data-label]")) it.setAttribute("aria-label", say(it.dataset.label));
  document.querySelector("#reply").placeholder = say("reply");
}
