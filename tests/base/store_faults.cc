#include "tests/base/store_faults.h"

#include <sqlite3.h>

#include <cstring>
#include <filesystem>
#include <string_view>

namespace lowbalance {
namespace {

// How long a program waits for a lock. Nobody sleeps for it here: SQLite's sleeps are added up.
constexpr int kLongerThanAnybodyWaits = 10'000'000;  // Microseconds.

struct State {
  sqlite3_vfs* real = nullptr;
  sqlite3_vfs shim{};
  bool on = false;
  StoreFaults::What what = StoreFaults::What::kFileCall;
  int fail_at = 0;
  bool lasting = false;
  int calls = 0;
  std::string failed;
  bool holding = false;  // The lock, against everybody.
  int slept = 0;
  bool interrupt = false;
  bool synced = true;
};
State state;  // SQLite's callbacks have no other place to find it; one StoreFaults at a time.

// Counts a call; is it one that is to fail?
bool Fails(std::string_view call, std::string_view name) {
  if (!state.on) return false;
  ++state.calls;
  const std::string label = std::string(call) + " " + std::string(name);
  if (state.calls != state.fail_at && (!state.lasting || state.failed != label)) return false;
  state.failed = label;
  return true;
}

struct File {
  sqlite3_file base;
  char name[64];
  sqlite3_file* real;  // Lies behind this.
};

File* Of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* Real(sqlite3_file* file) { return Of(file)->real; }

bool FileCallFails(std::string_view call, std::string_view name) {
  return state.what == StoreFaults::What::kFileCall && Fails(call, name);
}
bool FileCallFails(std::string_view call, sqlite3_file* file) {
  return FileCallFails(call, Of(file)->name);
}

int Close(sqlite3_file* file) { return Real(file)->pMethods->xClose(Real(file)); }
int Read(sqlite3_file* file, void* to, int n, sqlite3_int64 at) {
  if (FileCallFails("read", file)) return SQLITE_IOERR_READ;
  return Real(file)->pMethods->xRead(Real(file), to, n, at);
}
bool IsLog(sqlite3_file* file) { return std::string_view(Of(file)->name).ends_with("-wal"); }
int Write(sqlite3_file* file, const void* from, int n, sqlite3_int64 at) {
  if (IsLog(file)) state.synced = false;
  if (FileCallFails("write", file)) {
    // As a disk that fills up in the middle of it.
    (void)Real(file)->pMethods->xWrite(Real(file), from, n / 2, at);
    return SQLITE_FULL;
  }
  return Real(file)->pMethods->xWrite(Real(file), from, n, at);
}
int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (FileCallFails("truncate", file)) return SQLITE_IOERR_TRUNCATE;
  return Real(file)->pMethods->xTruncate(Real(file), size);
}
int Sync(sqlite3_file* file, int) {
  if (FileCallFails("sync", file)) return SQLITE_IOERR_FSYNC;
  if (IsLog(file)) state.synced = true;
  return SQLITE_OK;
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  if (FileCallFails("size", file)) return SQLITE_IOERR_FSTAT;
  return Real(file)->pMethods->xFileSize(Real(file), size);
}
// Somebody else has it from a chosen call on, until the program has waited as long as it will.
bool HeldByAnother(std::string_view lock, sqlite3_file* file) {
  if (state.holding && state.slept >= kLongerThanAnybodyWaits) {
    state.holding = false;
    return true;  // The last try of this wait.
  }
  if (state.holding) return true;
  if (!FileCallFails(lock, file)) return false;
  state.holding = true;
  state.slept = 0;
  return true;
}
int Lock(sqlite3_file* file, int level) {
  if (level > SQLITE_LOCK_SHARED && HeldByAnother("lock", file)) return SQLITE_BUSY;
  return Real(file)->pMethods->xLock(Real(file), level);
}
int Unlock(sqlite3_file* file, int level) {
  return Real(file)->pMethods->xUnlock(Real(file), level);
}
int CheckReservedLock(sqlite3_file* file, int* held) {
  return Real(file)->pMethods->xCheckReservedLock(Real(file), held);
}
int FileControl(sqlite3_file* file, int what, void* argument) {
  return Real(file)->pMethods->xFileControl(Real(file), what, argument);
}
int SectorSize(sqlite3_file* file) { return Real(file)->pMethods->xSectorSize(Real(file)); }
int Characteristics(sqlite3_file* file) {
  return Real(file)->pMethods->xDeviceCharacteristics(Real(file));
}
int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** at) {
  if (extend != 0 && FileCallFails("map", file)) return SQLITE_IOERR_SHMMAP;
  return Real(file)->pMethods->xShmMap(Real(file), page, size, extend, at);
}
int ShmLock(sqlite3_file* file, int offset, int n, int flags) {
  const bool exclusive = (flags & SQLITE_SHM_LOCK) != 0 && (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  if (exclusive && HeldByAnother("shared lock", file)) return SQLITE_BUSY;
  return Real(file)->pMethods->xShmLock(Real(file), offset, n, flags);
}
void ShmBarrier(sqlite3_file* file) { Real(file)->pMethods->xShmBarrier(Real(file)); }
int ShmUnmap(sqlite3_file* file, int remove) {
  return Real(file)->pMethods->xShmUnmap(Real(file), remove);
}
constexpr sqlite3_io_methods kMethods{2,
                                      Close,
                                      Read,
                                      Write,
                                      Truncate,
                                      Sync,
                                      FileSize,
                                      Lock,
                                      Unlock,
                                      CheckReservedLock,
                                      FileControl,
                                      SectorSize,
                                      Characteristics,
                                      ShmMap,
                                      ShmLock,
                                      ShmBarrier,
                                      ShmUnmap,
                                      nullptr,
                                      nullptr};

std::string NameOf(const char* path) {
  return path == nullptr ? "a temporary file" : std::filesystem::path(path).filename().string();
}

int Open(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* given) {
  File* const mine = Of(file);
  mine->base.pMethods = nullptr;
  const std::string name = NameOf(path);
  if (FileCallFails("open", name)) return SQLITE_CANTOPEN;
  std::strncpy(mine->name, name.c_str(), sizeof mine->name - 1);
  mine->name[sizeof mine->name - 1] = '\0';
  mine->real = reinterpret_cast<sqlite3_file*>(mine + 1);
  const int code = state.real->xOpen(state.real, path, mine->real, flags, given);
  if (mine->real->pMethods != nullptr) mine->base.pMethods = &kMethods;
  return code;
}
int Delete(sqlite3_vfs*, const char* path, int) {
  if (FileCallFails("delete", NameOf(path))) return SQLITE_IOERR_DELETE;
  return state.real->xDelete(state.real, path, /*syncDir=*/0);
}
int Access(sqlite3_vfs*, const char* path, int flags, int* answer) {
  if (FileCallFails("look for", NameOf(path))) return SQLITE_IOERR_ACCESS;
  return state.real->xAccess(state.real, path, flags, answer);
}
int Sleep(sqlite3_vfs*, int microseconds) {
  state.slept += microseconds;
  return microseconds;
}

// Statements. BEGIN touches nothing, and a ROLLBACK that fails has no one to tell.
bool Counts(std::string_view text) {
  return !text.starts_with("--") && !text.starts_with("BEGIN") && !text.starts_with("COMMIT") &&
         !text.starts_with("ROLLBACK");
}
int Traced(unsigned, void*, void*, void* text) {
  if (state.what != StoreFaults::What::kStatement) return 0;
  const std::string_view sql(static_cast<const char*>(text));
  if (Counts(sql)) state.interrupt = Fails("statement", sql.substr(0, sql.find('(')));
  return 0;
}
int Progress(void*) {
  const bool stop = state.interrupt;
  state.interrupt = false;
  return stop ? 1 : 0;
}
int Committing(void*) {
  return state.what == StoreFaults::What::kStatement && Fails("statement", "COMMIT") ? 1 : 0;
}
int Opened(sqlite3* db, const char**, const void*) {
  sqlite3_trace_v2(db, SQLITE_TRACE_STMT, Traced, nullptr);
  sqlite3_progress_handler(db, 1, Progress, nullptr);
  sqlite3_commit_hook(db, Committing, nullptr);
  return SQLITE_OK;
}
// The type is SQLite's; it calls it as what it is.
void (*const kOpened)() = reinterpret_cast<void (*)()>(Opened);

}  // namespace

StoreFaults::StoreFaults() {
  state = State{};
  state.real = sqlite3_vfs_find(nullptr);
  state.shim = *state.real;
  state.shim.zName = "faults";
  state.shim.pNext = nullptr;
  state.shim.szOsFile = static_cast<int>(sizeof(File)) + state.real->szOsFile;
  state.shim.xOpen = Open;
  state.shim.xDelete = Delete;
  state.shim.xAccess = Access;
  state.shim.xSleep = Sleep;
  sqlite3_vfs_register(&state.shim, /*makeDflt=*/1);
  sqlite3_auto_extension(kOpened);
}

StoreFaults::~StoreFaults() {
  sqlite3_cancel_auto_extension(kOpened);
  sqlite3_vfs_unregister(&state.shim);
  sqlite3_vfs_register(state.real, /*makeDflt=*/1);
}

void StoreFaults::FailAt(What what, int n, bool lasting) {
  state.on = true;
  state.what = what;
  state.fail_at = n;
  state.lasting = lasting;
  state.calls = 0;
  state.failed.clear();
  state.holding = state.interrupt = false;
}

void StoreFaults::Mend() { state.lasting = state.holding = false; }

void StoreFaults::Stop() {
  Mend();
  state.on = false;
}

int StoreFaults::calls() const { return state.calls; }
std::string StoreFaults::failed() const { return state.failed; }
bool StoreFaults::synced() const { return state.synced; }

}  // namespace lowbalance
