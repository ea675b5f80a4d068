#include "exporter/sources/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/exporter/helpers.h"

namespace lowbalance {
namespace {

namespace fs = std::filesystem;

void SetModified(const fs::path& file, Time at) {
  const timespec when{.tv_sec = ToMillis(at) / 1000, .tv_nsec = ToMillis(at) % 1000 * 1'000'000};
  const timespec times[] = {when, when};
  ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
}

std::string Csv(std::string_view credit) {
  return "account_id,currency,available_credit\n17,USD," + std::string(credit) + "\n";
}

TEST(FileSourceTest, ReadsByItsName) {
  const TempFolder folder;
  FileSource csv(folder.Write("b.csv", Csv("90")), "demo");
  FileSource json(folder.Write("b.json", R"({"accounts":[{"account_id":"17","currency":"USD",
                                             "available_credit":"91"}]})"),
                  "demo");
  const auto from_csv = csv.Fetch({.now = kNoon});
  const auto from_json = json.Fetch({.now = kNoon});
  ASSERT_TRUE(from_csv) << from_csv.error().message;
  ASSERT_TRUE(from_json) << from_json.error().message;
  EXPECT_EQ(from_csv->readings.front().available_credit, Amount("90"));
  EXPECT_EQ(from_json->readings.front().available_credit, Amount("91"));
}

TEST(FileSourceTest, AFileIsAsOldAsItsModification) {
  const TempFolder folder;
  const fs::path file = folder.Write("b.csv", Csv("90"));
  SetModified(file, kNoon);
  FileSource source(file, "demo");
  for (const auto later : {std::chrono::minutes{1}, std::chrono::minutes{300}}) {
    const auto readings = source.Fetch({.now = kNoon + later});
    ASSERT_TRUE(readings) << readings.error().message;
    EXPECT_EQ(readings->readings.front().as_of, kNoon) << "an unchanged file ages";
  }
}

TEST(FileSourceTest, AFileFromTheFutureAgesFromWhenItWasFirstSeen) {
  const TempFolder folder;
  const fs::path file = folder.Write("b.csv", Csv("90"));
  SetModified(file, kNoon + std::chrono::hours{8});
  FileSource source(file, "demo");
  for (const auto later : {std::chrono::minutes{0}, std::chrono::minutes{300}}) {
    EXPECT_EQ(source.Fetch({.now = kNoon + later})->readings.front().as_of, kNoon);
  }
  folder.Write("b.csv", Csv("80.5"));
  SetModified(file, kNoon + std::chrono::hours{14});
  const Time later = kNoon + std::chrono::hours{6};
  EXPECT_EQ(source.Fetch({.now = later})->readings.front().as_of, later) << "written to since";
}

TEST(FileSourceTest, IsReadAgainOnlyWhenWrittenTo) {
  const TempFolder folder;
  const fs::path file = folder.Write("b.csv", Csv("90"));
  SetModified(file, kNoon);
  FileSource source(file, "demo");
  const Time later = kNoon + std::chrono::minutes{1};
  EXPECT_EQ(source.Fetch({.now = later})->readings.front().available_credit, Amount("90"));

  // The same size and time: it looks the same, so the new content is not looked at.
  folder.Write("b.csv", Csv("80"));
  SetModified(file, kNoon);
  EXPECT_EQ(source.Fetch({.now = later})->readings.front().available_credit, Amount("90"));
  SetModified(file, kNoon + Millis{1});
  EXPECT_EQ(source.Fetch({.now = later})->readings.front().available_credit, Amount("80"));
  // Another file in its place, as careful writers do it.
  fs::rename(folder.Write("new", Csv("70")), file);
  SetModified(file, kNoon + Millis{1});
  EXPECT_EQ(source.Fetch({.now = later})->readings.front().available_credit, Amount("70"));
}

TEST(FileSourceTest, AFreshFileIsNotTrustedToLookTheSame) {
  const TempFolder folder;
  const fs::path file = folder.Write("b.csv", Csv("90"));
  SetModified(file, kNoon);
  FileSource source(file, "demo");
  const Time soon = kNoon + Millis{500};
  EXPECT_EQ(source.Fetch({.now = soon})->readings.front().available_credit, Amount("90"));
  folder.Write("b.csv", Csv("80"));
  SetModified(file, kNoon);
  EXPECT_EQ(source.Fetch({.now = soon})->readings.front().available_credit, Amount("80"));
}

TEST(FileSourceTest, ABadFileIsAFailureUntilItIsMended) {
  const TempFolder folder;
  const fs::path file = folder.Write("b.csv", Csv("90"));
  FileSource source(file, "demo");
  ASSERT_TRUE(source.Fetch({.now = kNoon}));
  folder.Write("b.csv", Csv("abc"));
  EXPECT_FALSE(source.Fetch({.now = kNoon}));
  EXPECT_FALSE(source.Fetch({.now = kNoon})) << "not taken for the good one";
  fs::remove(file);
  const auto missing = source.Fetch({.now = kNoon});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message,
            "cannot open " + file.string() + ": No such file or directory");
  folder.Write("b.csv", Csv("80"));
  EXPECT_EQ(source.Fetch({.now = kNoon})->readings.front().available_credit, Amount("80"));
}

TEST(FileSourceTest, RefusesWhatIsNoFile) {
  const TempFolder folder;
  fs::create_directory(folder / "d.csv");
  ASSERT_EQ(::mkfifo((folder / "f.csv").c_str(), 0600), 0);
  for (const char* name : {"d.csv", "f.csv"}) {
    FileSource source(folder / name, "demo");
    const auto readings = source.Fetch({.now = kNoon});
    ASSERT_FALSE(readings) << name;
    EXPECT_THAT(readings.error().message, testing::EndsWith("is not a regular file"));
  }
}

TEST(FileSourceTest, GivesUpWhenItIsToldToOrTakesTooLong) {
  const TempFolder folder;
  const fs::path file = folder.Write("b.csv", Csv("90"));
  FileSource source(file, "demo");
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = source.Fetch({.now = kNoon, .stop = stop.get_token()});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().message, "reading " + file.string() + ": stopped");
  const auto late = source.Fetch({.now = kNoon, .deadline = std::chrono::steady_clock::now()});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().message,
            "reading " + file.string() + ": not finished within the source's timeout");
}

TEST(FileSourceTest, RefusesWhatIsTooLarge) {
  const TempFolder folder;
  const fs::path file = folder.Write("b.csv", "");
  fs::resize_file(file, (256U << 20U) + 1);  // Takes no space.
  FileSource source(file, "demo");
  const auto readings = source.Fetch({.now = kNoon});
  ASSERT_FALSE(readings);
  EXPECT_THAT(readings.error().message, testing::HasSubstr("is larger than 256 MiB: 268435457"));
}

}  // namespace
}  // namespace lowbalance
