#include "webhook/mime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/base/temp_folder.h"
#include "tests/webhook/facts.h"

namespace lowbalance {
namespace {

using Json = nlohmann::json;

// What an independent reader makes of mails: Python's email package, once for all of them.
Json ReadByPython(const std::vector<std::string>& mails) {
  const TempFolder folder;
  std::string files;
  for (std::size_t i = 0; i < mails.size(); ++i) {
    files += " " + folder.Write(std::to_string(i) + ".eml", mails[i]).string();
  }
  const std::string command =
      "/usr/bin/python3 " LOWBALANCE_SOURCE_DIR "/tests/webhook/read_mail.py" + files;
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string output;
  char buffer[4096];
  while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, n);
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return Json::parse(output);
}

Message SomeMessage() {
  Message message;
  message.created = kStart;
  message.key = {{"demo", "17"}, "warning"};
  message.low_since = kStart - std::chrono::minutes{2};
  message.subject = "Low balance: 17 has 90.00 USD, below 100.00 USD";
  message.text =
      "The first line.\n.\nFrom here on = a long one: " + std::string(300, 'x') + " \n\nlast\n";
  message.html = "<p>ok</p>\n";
  return message;
}

const Mailbox kFrom{"Low Balance Alerts", "alerts@example.com"};

void ExpectWireForm(const std::string& mail) {
  std::size_t begin = 0;
  while (begin < mail.size()) {
    const auto end = mail.find("\r\n", begin);
    ASSERT_NE(end, std::string::npos) << "the last line has no end";
    EXPECT_LE(end - begin, 78U) << mail.substr(begin, end - begin);
    for (std::size_t i = begin; i < end; ++i) {
      const auto byte = static_cast<unsigned char>(mail[i]);
      ASSERT_TRUE(byte >= 0x20 && byte < 0x7f) << "byte " << int{byte} << " at " << i;
    }
    begin = end + 2;
  }
}

TEST(RenderMailTest, IsReadBackAsItWasMeant) {
  Message plain = SomeMessage();
  Message reminder = SomeMessage();
  reminder.kind = MessageKind::kReminder;
  reminder.number = 3;
  reminder.subject = "第 3 次提醒（共 5 次）：生产 😀 可用额度 90.00 USD，仍低于 100.00 USD";
  reminder.text = "生产账户\n  可用额度：90.00 USD\n";
  reminder.html = "<p>生产 &amp; 😀</p>\n";
  reminder.key.account.account_id = "账户 17";
  std::vector<std::string> mails;
  for (const Message& message : {plain, reminder}) {
    mails.push_back(RenderMail(MailFor(message, kFrom, "finance@example.com")));
    ExpectWireForm(mails.back());
  }
  const Json read = ReadByPython(mails);
  ASSERT_EQ(read.size(), 2U);

  const Json& headers = read[0]["headers"];
  EXPECT_EQ(headers["Subject"], plain.subject);
  EXPECT_EQ(headers["From"], "Low Balance Alerts <alerts@example.com>");
  EXPECT_EQ(headers["To"], "finance@example.com");
  EXPECT_EQ(headers["Date"], "Sun, 23 Nov 2025 07:12:00 +0000");
  EXPECT_EQ(headers["Auto-Submitted"], "auto-generated");
  EXPECT_EQ(headers["X-Lowbalance-Kind"], "alert");
  EXPECT_EQ(headers["X-Lowbalance-Number"], "0");
  EXPECT_EQ(headers["X-Lowbalance-Provider"], "demo");
  EXPECT_EQ(headers["X-Lowbalance-Account"], "17");
  EXPECT_EQ(headers["X-Lowbalance-Level"], "warning");
  EXPECT_EQ(headers["X-Lowbalance-Low-Since"], "2025-11-23T07:10:00Z");
  EXPECT_FALSE(headers.contains("References"));
  EXPECT_EQ(read[0]["type"], "multipart/alternative");
  EXPECT_EQ(read[0]["text"], plain.text);
  EXPECT_EQ(read[0]["html"], plain.html);
  EXPECT_EQ(read[0]["defects"], Json::array());

  EXPECT_EQ(read[1]["headers"]["Subject"], reminder.subject);
  EXPECT_EQ(read[1]["headers"]["X-Lowbalance-Kind"], "reminder");
  EXPECT_EQ(read[1]["headers"]["X-Lowbalance-Account"], "账户 17");
  EXPECT_EQ(read[1]["text"], reminder.text);
  EXPECT_EQ(read[1]["html"], reminder.html);
  EXPECT_EQ(read[1]["defects"], Json::array());
}

TEST(RenderMailTest, AReminderFollowsItsAlertInTheThread) {
  Message reminder = SomeMessage();
  reminder.kind = MessageKind::kReminder;
  reminder.number = 2;
  const Mail alert = MailFor(SomeMessage(), kFrom, "a@example.com");
  const Mail second = MailFor(reminder, kFrom, "a@example.com");
  EXPECT_EQ(second.references, alert.message_id);
  const std::string mail = RenderMail(second);
  EXPECT_NE(mail.find("In-Reply-To: <" + alert.message_id + ">"), std::string::npos);
}

TEST(RenderMailTest, EveryKindIsAMailOfItsOwn) {
  std::set<std::string> ids;
  const Mail alert = MailFor(SomeMessage(), kFrom, "a@example.com");
  for (int i = 0; i < kMessageKindCount; ++i) {
    Message message = SomeMessage();
    message.kind = static_cast<MessageKind>(i);
    if (message.kind == MessageKind::kReminder) message.number = 1;
    const Mail mail = MailFor(message, kFrom, "a@example.com");
    SCOPED_TRACE(ToString(message.kind));
    EXPECT_TRUE(ids.insert(mail.message_id).second) << mail.message_id;
    const bool follows = IsAboutAccount(message.kind) && message.kind != MessageKind::kAlert;
    EXPECT_EQ(mail.references, follows ? alert.message_id : "");
    const std::string text = RenderMail(mail);
    EXPECT_NE(text.find("X-Lowbalance-Kind: " + std::string(ToString(message.kind)) + "\r\n"),
              std::string::npos);
    EXPECT_EQ(text.find("X-Lowbalance-Account:") != std::string::npos,
              IsAboutAccount(message.kind));
  }
  // As versions before there were kinds made them: a mail that is under way keeps its name.
  EXPECT_THAT(alert.message_id, testing::StartsWith("lowbalance.1763881800000.0."));
}

TEST(RenderMailTest, NoTextCanBeginAHeaderOfItsOwn) {
  const std::string names[] = {
      "x\r\nBcc: victim@example.com",
      "x\nBcc: victim@example.com\n\nbody",
      "x\rBcc: victim@example.com",
      std::string("x\0Bcc: victim@example.com", 26),
      "=?UTF-8?Q?x=0D=0ABcc:_victim@example.com?=",
      "x\u2028Bcc: victim@example.com",
      "\" <victim@example.com>, \"",
      "生\xff产",
      std::string(3000, 'x'),
      "  two  blanks  ",
      "שלום \u202e drawkcab",
      "😀" + std::string(300, 'y') + "😀",
  };
  std::vector<std::string> mails;
  for (const std::string& name : names) {
    Message message = SomeMessage();
    message.subject = "Low balance: " + name;
    message.key.account.account_id = name;
    mails.push_back(RenderMail(MailFor(message, {name, "alerts@example.com"}, "a@example.com")));
    ExpectWireForm(mails.back());
  }
  const Json read = ReadByPython(mails);
  for (std::size_t i = 0; i < mails.size(); ++i) {
    SCOPED_TRACE(names[i]);
    EXPECT_FALSE(read[i]["headers"].contains("Bcc"));
    EXPECT_EQ(read[i]["from_address"], "alerts@example.com");
    EXPECT_EQ(read[i]["text"], SomeMessage().text);
    EXPECT_EQ(read[i]["headers"].size(), 15U);
    EXPECT_EQ(read[i]["headers"]["Subject"].get<std::string>().rfind("Low balance: ", 0), 0U);
  }
  // What can be kept is kept.
  EXPECT_EQ(read[4]["headers"]["Subject"], "Low balance: " + names[4]);
  EXPECT_EQ(read[6]["from_name"], names[6]);
  EXPECT_EQ(read[9]["headers"]["Subject"], "Low balance: " + names[9]);
  EXPECT_EQ(read[11]["headers"]["Subject"], "Low balance: " + names[11]);
}

TEST(RenderMailTest, CarriesEveryByteOfTheBody) {
  Message message = SomeMessage();
  for (int c = 1; c < 0x80; ++c) {
    if (c != '\r' && c != '\n') message.text += static_cast<char>(c);
  }
  message.text += "\ntrailing blank \ntrailing tab\t\n= =3D =\n--=_lowbalance\n\u00e9\n";
  message.html = "<p>" + std::string(2000, ' ') + "生</p>\n";
  const std::string mail = RenderMail(MailFor(message, kFrom, "a@example.com"));
  ExpectWireForm(mail);
  const Json read = ReadByPython({mail});
  EXPECT_EQ(read[0]["text"], message.text);
  EXPECT_EQ(read[0]["html"], message.html);
}

TEST(MessageIdTest, IsTheSameAtEveryTryAndOfNoOther) {
  const EpisodeKey key{{"demo", "17"}, "warning"};
  const std::string id = MessageId(key, kStart, {}, "a@example.com", "example.com");
  EXPECT_EQ(id, MessageId(key, kStart, {}, "a@example.com", "example.com"));
  EXPECT_TRUE(id.ends_with("@example.com"));
  const std::string others[] = {
      MessageId(key, kStart + Millis{1}, {}, "a@example.com", "example.com"),
      MessageId(key, kStart, {MessageKind::kReminder, 1}, "a@example.com", "example.com"),
      MessageId(key, kStart, {}, "b@example.com", "example.com"),
      MessageId({{"demo", "18"}, "warning"}, kStart, {}, "a@example.com", "example.com"),
      MessageId({{"demo1", "7"}, "warning"}, kStart, {}, "a@example.com", "example.com"),
      MessageId({{"demo", "17"}, "critical"}, kStart, {}, "a@example.com", "example.com"),
  };
  for (const std::string& other : others) EXPECT_NE(id, other);
  EXPECT_TRUE(MessageId(key, kStart, {}, "a", "bad domain>\r\n").ends_with("@lowbalance.invalid"));
}

TEST(ParseMailboxTest, ReadsAddresses) {
  const struct {
    const char* text;
    const char* name;
    const char* address;
  } good[] = {
      {"a@example.com", "", "a@example.com"},
      {"<a@example.com>", "", "a@example.com"},
      {"Low Balance <a.b+c@example.com>", "Low Balance", "a.b+c@example.com"},
      {"\"Alerts, \\\"low\\\"\" <a@example.com>", "Alerts, \"low\"", "a@example.com"},
      {"余额预警 <a@example.com>", "余额预警", "a@example.com"},
  };
  for (const auto& c : good) {
    SCOPED_TRACE(c.text);
    const auto mailbox = ParseMailbox(c.text);
    ASSERT_TRUE(mailbox) << mailbox.error().message;
    EXPECT_EQ(mailbox->name, c.name);
    EXPECT_EQ(mailbox->address, c.address);
  }
  for (const char* const text :
       {"", "a", "@", "a@", "@b", "a@b@c", "a b@example.com", "a@example.com\r\nBcc: x@y",
        "a@exa\nmple.com", "<a@example.com", "A <a@example.com> b", "a@example.com>,<b@c",
        "<a@example.com> SIZE=1>", "生@example.com", "a@\xff"}) {
    EXPECT_FALSE(ParseMailbox(text)) << text;
  }
}

}  // namespace
}  // namespace lowbalance
