#include "webhook/mime.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>

#include "core/text.h"
#include "webhook/text_limits.h"

namespace lowbalance {
namespace {

constexpr std::string_view kEnd = "\r\n";
constexpr std::size_t kLineMax = 76;
constexpr std::size_t kHeaderTextMax = 900;

bool IsPrintable(char c) { return c >= 0x20 && c < 0x7f; }
bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

std::string Base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8U | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += i + j <= bytes.size() ? kDigits[group >> (18U - 6U * j) & 0x3fU] : '=';
    }
  }
  return out;
}

std::string Hex(unsigned char byte) {
  std::array<char, 4> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "=%02X", byte);
  return buffer.data();
}

// Can the text stand in a header as it is? Blanks must survive folding, and nothing in it may look
// like an encoded word.
bool IsPlain(std::string_view text) {
  if (text.find("=?") != std::string_view::npos || text.find("  ") != std::string_view::npos ||
      text.starts_with(' ') || text.ends_with(' ')) {
    return false;
  }
  std::size_t word = 0;
  for (const char c : text) {
    if (!IsPrintable(c)) return false;
    word = c == ' ' ? 0 : word + 1;
    if (word > 60) return false;
  }
  return true;
}

// RFC 2047: words of whole UTF-8 characters, short enough to fit on a line after a header's name.
std::vector<std::string> EncodedWords(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    std::size_t length = std::min<std::size_t>(text.size(), 30);
    while (length < text.size() && length > 0 && IsContinuation(text[length])) --length;
    words.push_back("=?UTF-8?B?" + Base64(text.substr(0, length)) + "?=");
    text.remove_prefix(length);
  }
  return words;
}

std::vector<std::string> PlainWords(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t length = std::min(text.find(' '), text.size());
    words.emplace_back(text.substr(0, length));
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return words;
}

// "Name: words" folded before a word that would make the line too long.
std::string Header(std::string_view name, const std::vector<std::string>& words) {
  std::string header = std::string(name) + ":";
  std::size_t line = header.size();
  for (const std::string& word : words) {
    if (line + 1 + word.size() > kLineMax && line > name.size() + 1) {
      header += kEnd;
      line = 0;
    }
    header += " " + word;
    line += 1 + word.size();
  }
  return header + std::string(kEnd);
}

std::string TextHeader(std::string_view name, std::string_view text) {
  const std::string line = OneLine(text, kHeaderTextMax);
  return Header(name, IsPlain(line) ? PlainWords(line) : EncodedWords(line));
}

std::string MailboxHeader(std::string_view name, const Mailbox& mailbox) {
  if (mailbox.name.empty()) return Header(name, {mailbox.address});
  const std::string display = OneLine(mailbox.name, 200);
  std::vector<std::string> words;
  if (IsPlain(display) && display.size() <= 60) {
    std::string quoted = "\"";
    for (const char c : display) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    words.push_back(quoted + "\"");
  } else {
    words = EncodedWords(display);
  }
  words.push_back("<" + mailbox.address + ">");
  return Header(name, words);
}

std::string Date(Time at) {
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - day));
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%s, %02u %s %04d %02d:%02d:%02d +0000",
                kDays.at(std::chrono::weekday(day).c_encoding()).data(), unsigned{date.day()},
                kMonths.at(unsigned{date.month()} - 1).data(), int{date.year()},
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return buffer.data();
}

std::string QuotedPrintableLine(std::string_view text) {
  std::string out;
  std::size_t line = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool last = i + 1 == text.size();
    const bool plain = IsPrintable(c) && c != '=' && (c != ' ' || !last);
    const std::string piece = plain ? std::string(1, c) : Hex(static_cast<unsigned char>(c));
    if (line + piece.size() > kLineMax - 1) {
      out += "=";
      out += kEnd;
      line = 0;
    }
    out += piece;
    line += piece.size();
  }
  return out;
}

// One part of the body, in whichever of the two encodings suits it.
std::string Part(std::string_view type, std::string_view body) {
  const auto others = std::count_if(body.begin(), body.end(),
                                    [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  const bool base64 = static_cast<std::size_t>(others) * 4 > body.size();
  std::string part = "Content-Type: " + std::string(type) + "; charset=UTF-8" + std::string(kEnd) +
                     "Content-Transfer-Encoding: " + (base64 ? "base64" : "quoted-printable") +
                     std::string(kEnd) + std::string(kEnd);
  std::string lines;  // With CRLF, as base64 carries them too.
  while (!body.empty()) {
    const std::size_t length = std::min(body.find('\n'), body.size());
    const std::string_view line = body.substr(0, length);
    lines += base64 ? std::string(line) : QuotedPrintableLine(line);
    lines += kEnd;
    body.remove_prefix(std::min(length + 1, body.size()));
  }
  if (!base64) return part + lines;
  const std::string encoded = Base64(lines);
  for (std::size_t i = 0; i < encoded.size(); i += kLineMax) {
    part += encoded.substr(i, kLineMax);
    part += kEnd;
  }
  return part;
}

std::string Fingerprint(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a.
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  std::array<char, 24> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%016llx", static_cast<unsigned long long>(hash));
  return buffer.data();
}

}  // namespace

Result<Mailbox> ParseMailbox(std::string_view text) {
  const auto refuse = [&text](std::string_view why) {
    return Reject("not an e-mail address: " + Quoted(text, 200) + " (" + std::string(why) + ")");
  };
  if (!IsValidUtf8(text) || HasControlCharacters(text)) return refuse("control characters");
  Mailbox mailbox;
  const auto open = text.rfind('<');
  if (open != std::string_view::npos) {
    if (!text.ends_with('>')) return refuse("text after the address");
    mailbox.address = text.substr(open + 1, text.size() - open - 2);
    std::string_view name = text.substr(0, open);
    while (name.ends_with(' ')) name.remove_suffix(1);
    while (name.starts_with(' ')) name.remove_prefix(1);
    if (name.size() >= 2 && name.starts_with('"') && name.ends_with('"')) {
      name = name.substr(1, name.size() - 2);
      for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] == '\\' && i + 1 < name.size()) ++i;
        mailbox.name += name[i];
      }
    } else {
      mailbox.name = name;
    }
  } else {
    mailbox.address = text;
  }
  const std::string& address = mailbox.address;
  const auto at = address.find('@');
  if (at == std::string::npos || at == 0 || at + 1 == address.size() ||
      address.find('@', at + 1) != std::string::npos) {
    return refuse("wanted: local@domain");
  }
  if (!std::all_of(address.begin(), address.end(), IsPrintable)) return refuse("not ASCII");
  if (address.size() > 254) return refuse("longer than 254 characters");
  if (address.find_first_of(" <>,;:\"()[]\\") != std::string::npos) {
    return refuse("a character that addresses do not have");
  }
  return mailbox;
}

std::string MessageId(const EpisodeKey& key, Time low_since, const Notice& notice,
                      std::string_view recipient, std::string_view domain) {
  std::string identity = key.account.provider;
  for (const std::string_view part :
       {std::string_view(key.account.account_id), std::string_view(key.level), recipient}) {
    identity += '\n';  // No part has one, so no two identities read the same.
    identity += part;
  }
  const bool usable = !domain.empty() && std::all_of(domain.begin(), domain.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-';
  });
  const bool named = notice.kind != MessageKind::kAlert && notice.kind != MessageKind::kReminder;
  std::string what(named ? ToString(notice.kind) : "");
  if (!named || notice.number > 0) what += std::to_string(notice.number);
  return "lowbalance." + std::to_string(ToMillis(low_since)) + "." + what + "." +
         Fingerprint(identity) + "@" + (usable ? std::string(domain) : "lowbalance.invalid");
}

Mail MailFor(const Message& message, const Mailbox& from, const std::string& recipient) {
  const std::string domain = from.address.substr(from.address.find('@') + 1);
  Mail mail;
  mail.from = from;
  mail.to.address = recipient;
  mail.subject = message.subject;
  const bool of_account = IsAboutAccount(message.kind);
  mail.message_id =
      MessageId(message.key, message.low_since, {message.kind, message.number}, recipient, domain);
  if (of_account && message.kind != MessageKind::kAlert) {
    mail.references =
        MessageId(message.key, message.low_since, {MessageKind::kAlert}, recipient, domain);
  }
  mail.date = message.created;
  mail.headers = {{"X-Lowbalance-Kind", std::string(ToString(message.kind))},
                  {"X-Lowbalance-Number", std::to_string(message.number)}};
  if (of_account) {
    mail.headers.insert(mail.headers.end(),
                        {{"X-Lowbalance-Provider", message.key.account.provider},
                         {"X-Lowbalance-Account", message.key.account.account_id},
                         {"X-Lowbalance-Level", message.key.level},
                         {"X-Lowbalance-Low-Since", FormatRfc3339(message.low_since)}});
  }
  mail.text = message.text;
  mail.html = message.html;
  return mail;
}

std::string RenderMail(const Mail& mail) {
  // Neither encoding can produce "=_", so the boundary stands in no part.
  const std::string boundary = "=_lowbalance_" + Fingerprint(mail.message_id);
  std::string out = Header("Date", {Date(mail.date)});
  out += MailboxHeader("From", mail.from);
  out += MailboxHeader("To", mail.to);
  out += TextHeader("Subject", mail.subject);
  out += Header("Message-ID", {"<" + mail.message_id + ">"});
  if (!mail.references.empty()) {
    out += Header("In-Reply-To", {"<" + mail.references + ">"});
    out += Header("References", {"<" + mail.references + ">"});
  }
  // Keeps holiday notices and the like from answering.
  out += Header("Auto-Submitted", {"auto-generated"});
  out += Header("X-Auto-Response-Suppress", {"All"});
  for (const auto& [name, value] : mail.headers) out += TextHeader(name, value);
  out += Header("MIME-Version", {"1.0"});
  out += Header("Content-Type", {"multipart/alternative;", "boundary=\"" + boundary + "\""});
  out += kEnd;
  for (const std::string& part : {Part("text/plain", mail.text), Part("text/html", mail.html)}) {
    out += "--" + boundary + std::string(kEnd) + part + std::string(kEnd);
  }
  return out + "--" + boundary + "--" + std::string(kEnd);
}

}  // namespace lowbalance
