// The store on SQLite: the suite that every store passes, and what may be wrong with a file.

#include "store/store.h"

#include "store/chain.h"
#include "support/store_suite.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kssedr::store {
namespace {

using namespace std::chrono_literals;
using test::history_line;

constexpr StoreOptions suite_options{.parked = {test::suite_parked_malformed, test::suite_parked_all},
                                     .inbox = {test::suite_inbox_messages, test::suite_inbox_bytes}};

class OnSqlite : public test::LoopTest {
protected:
    OnSqlite() {
        std::string pattern = ::testing::TempDir() + "kssedr-store-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
    }
    ~OnSqlite() override { std::filesystem::remove_all(folder_); }

    std::string file() const { return folder_ + "/kssedr.db"; }

    using Body = std::function<Task<void>(Store&)>;
    void with_store(Body body, StoreOptions options = suite_options, std::string location = {}) {
        auto store = Store::open(executor(), clock(), location.empty() ? file() : location, options);
        ASSERT_TRUE(store) << store.error().message();
        run(run_and_close(**store, std::move(body)));
    }
    SteadyPoint soon() { return after(20s); }

    std::string folder_;

private:
    static Task<void> run_and_close(Store& store, Body body) {
        co_await body(store);
        co_await store.close();
    }
};

TEST_F(OnSqlite, PassesTheSuite) {
    for (auto const& c : test::store_cases()) {
        SCOPED_TRACE(c.name);
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directory(folder_);
        with_store([&](Store& store) {
            return c.run({store.history(), store.parked(), store.inbox(), store.checkpoints(), clock()});
        });
    }
}

TEST_F(OnSqlite, TheFileIsItsOwnersAlone) {
    with_store([&](Store& store) -> Task<void> {
        auto const head = co_await store.history().append(std::vector{history_line(1)}, soon());
        EXPECT_TRUE(head);
        for (auto const* const suffix : {"", "-wal", "-shm"}) {
            struct stat seen{};
            EXPECT_EQ(::stat((file() + suffix).c_str(), &seen), 0);
            EXPECT_EQ(seen.st_mode & 0777U, 0600U) << suffix;
        }
    });
}

TEST_F(OnSqlite, WhatWasKeptIsThereAfterwards) {
    std::string head;
    with_store([&](Store& store) -> Task<void> {
        auto const kept = co_await store.history().append(std::vector{history_line(1), history_line(2)}, soon());
        KSSEDR_CO_ASSERT(kept);
        head = *kept;
    });
    with_store(
        [&](Store& store) -> Task<void> {
            auto const proof = co_await store.history().verify(head, soon());
            EXPECT_TRUE(proof && proof->has_head && proof->lines == 2 && !proof->broken);
        },
        {.missing = Missing::is_an_error});
}

// Many callers at once: each is told the hash behind its own line, and the chain has them all.
TEST_F(OnSqlite, ManyAppendsBecomeOneTransaction) {
    constexpr int callers = 3000;
    with_store([&](Store& store) -> Task<void> {
        std::vector<std::string> heads;
        TaskGroup tasks(executor(), [](std::string const& what, std::exception_ptr) { ADD_FAILURE() << what; });
        auto const append = [&](int number) -> Task<void> {
            auto const head = co_await store.history().append(std::vector{history_line(number)}, soon());
            EXPECT_TRUE(head);
            heads.push_back(head.value_or(""));
        };
        auto const began = clock().steady_now();
        for (int i = 0; i < callers; ++i) tasks.spawn("append", append(i));
        co_await tasks.join();
        auto const took = clock().steady_now() - began;
        std::printf("%d appends by %d callers in %lld ms\n", callers, callers, static_cast<long long>(took.count()));
        auto const proof = co_await store.history().verify(heads.back(), soon());
        EXPECT_TRUE(proof && proof->lines == callers && !proof->broken && proof->has_head);
        std::ranges::sort(heads);
        EXPECT_EQ(std::ranges::unique(heads).begin(), heads.end());
    });
}

// Wherever a line is changed, taken out or put in, the walk finds it; and whoever kept a hash knows what was cut off.
TEST_F(OnSqlite, WhatWasChangedIsFound) {
    struct Case {
        std::string_view name;
        std::string_view change;
        std::uint64_t broken;
    };
    for (auto const& c : std::vector<Case>{
             {"a text", "UPDATE history SET text = replace(text, '5', '6') WHERE number = 5", 5},
             {"a time", "UPDATE history SET at_ms = at_ms + 1 WHERE number = 5", 5},
             {"a secret's name", "UPDATE history SET secret = 'other' WHERE number = 5", 5},
             {"a vault", "UPDATE history SET vault = '' WHERE number = 5", 5},
             {"an outcome", "UPDATE history SET outcome = 'failed' WHERE number = 5", 5},
             {"a code", "UPDATE history SET code = 'x' WHERE number = 5", 5},
             {"a hash", "UPDATE history SET hash = upper(hash) WHERE number = 5", 5},
             {"one is gone", "DELETE FROM history WHERE number = 5", 5},
             {"the first is gone", "DELETE FROM history WHERE number = 1", 1},
             {"the last is gone", "DELETE FROM history WHERE number = 9", 9},
             {"all are gone", "DELETE FROM history", 1},
             {"a type", "UPDATE history SET text = x'00ff' WHERE number = 5", 5},
             {"two that changed places",
              "UPDATE history SET number = CASE number WHEN 4 THEN -5 WHEN 5 THEN -4 ELSE "
              "number END; UPDATE history SET number = abs(number)",
              4},
         }) {
        SCOPED_TRACE(c.name);
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directory(folder_);
        with_store([&](Store& store) -> Task<void> {
            std::vector<ports::HistoryLine> lines;
            for (int i = 1; i <= 9; ++i) lines.push_back(history_line(i));
            auto const head = co_await store.history().append(lines, soon());
            EXPECT_TRUE(head);
        });
        {
            auto database = open_sqlite(file(), Missing::is_an_error, clock(), soon());
            ASSERT_TRUE(database);
            std::string rest(c.change);
            while (!rest.empty()) {
                auto const semicolon = std::min(rest.find(';'), rest.size());
                auto const changed = (*database)->run(rest.substr(0, semicolon));
                ASSERT_TRUE(changed) << changed.error().message();
                rest.erase(0, semicolon + 1);
            }
        }
        with_store([&](Store& store) -> Task<void> {
            auto const proof = co_await store.history().verify("", soon());
            KSSEDR_CO_ASSERT(proof);
            EXPECT_EQ(proof->broken.value_or(0), c.broken);
        });
    }
}

void write_file(std::string const& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

std::string read_file(std::string const& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST_F(OnSqlite, AFileThatIsNoStoreIsSaidAndLeftAsItIs) {
    with_store([&](Store& store) -> Task<void> {
        for (int i = 0; i < 30; ++i) {
            auto const head = co_await store.history().append(std::vector(20, history_line(i)), soon());
            EXPECT_TRUE(head);
        }
    });
    auto const whole = read_file(file());
    ASSERT_GT(whole.size(), 100'000U);
    auto overwritten = whole;
    overwritten.replace(overwritten.size() / 2, 9'000, 9'000, '\x5a');
    struct Case {
        std::string_view name;
        std::string bytes;
        Errc code;
        std::string_view says;
    };
    for (auto const& c : std::vector<Case>{
             {"bytes overwritten", overwritten, Errc::corrupt, "damaged"},
             {"cut off", whole.substr(0, whole.size() / 2), Errc::corrupt, "damaged"},
             {"no database", "this is a text, and a long one at that: " + std::string(2000, '.'), Errc::corrupt,
              "no database"},
             {"a head alone", whole.substr(0, 50), Errc::corrupt, "no database"},
         }) {
        SCOPED_TRACE(c.name);
        write_file(file(), c.bytes);
        with_store([&](Store& store) -> Task<void> {
            for (int i = 0; i < 2; ++i) {
                auto const head = co_await store.history().append(std::vector{history_line(1)}, soon());
                KSSEDR_CO_ASSERT(!head);
                EXPECT_EQ(head.error().code(), c.code);
                EXPECT_TRUE(head.error().message().contains(c.says)) << head.error().message();
                EXPECT_TRUE(head.error().message().contains("start kssedr again"));
            }
        });
        EXPECT_EQ(read_file(file()), c.bytes);
    }
}

TEST_F(OnSqlite, AnotherProgramsOrANewerDatabaseIsNotTouched) {
    struct Case {
        std::string_view name;
        std::vector<std::string_view> made_by;
        std::string_view says;
    };
    for (auto const& c : std::vector<Case>{
             {"another's tables", {"CREATE TABLE things (a)"}, "another program's"},
             {"another's version", {"PRAGMA user_version = 7"}, "another program's"},
             {"a newer kssedr's", {"PRAGMA application_id = 1802728292", "PRAGMA user_version = 99"}, "newer kssedr"},
         }) {
        SCOPED_TRACE(c.name);
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directory(folder_);
        {
            auto database = open_sqlite(file(), Missing::is_made, clock(), soon());
            ASSERT_TRUE(database);
            for (auto const statement : c.made_by) ASSERT_TRUE((*database)->run(std::string(statement)));
        }
        with_store([&](Store& store) -> Task<void> {
            auto const head = co_await store.history().append(std::vector{history_line(1)}, soon());
            KSSEDR_CO_ASSERT(!head);
            EXPECT_EQ(head.error().code(), Errc::invalid_argument);
            EXPECT_TRUE(head.error().message().contains(c.says)) << head.error().message();
        });
    }
}

TEST_F(OnSqlite, WhatCanNotBeOpenedIsSaidWithItsCureAndComesBack) {
    auto const nested = folder_ + "/not/there.db";
    with_store(
        [&](Store& store) -> Task<void> {
            auto const first = co_await store.probe(soon());
            KSSEDR_CO_ASSERT(!first);
            EXPECT_EQ(first.error().code(), Errc::unavailable);
            EXPECT_TRUE(first.error().message().contains("is not there; make it")) << first.error().message();
            std::filesystem::create_directory(folder_ + "/not");
            auto const second = co_await store.probe(soon());
            EXPECT_TRUE(second);
        },
        suite_options, nested);
    with_store(
        [&](Store& store) -> Task<void> {
            auto const none = co_await store.history().find({}, soon());
            KSSEDR_CO_ASSERT(!none);
            EXPECT_EQ(none.error().code(), Errc::not_found);
            EXPECT_FALSE(std::filesystem::exists(file())) << "who only looks makes nothing";
        },
        {.missing = Missing::is_an_error});
}

TEST_F(OnSqlite, ALockOfSomebodyElsesIsWaitedForAndSaid) {
    with_store([&](Store& store) -> Task<void> {
        auto const made = co_await store.probe(soon());
        KSSEDR_CO_ASSERT(made);
        auto other = open_sqlite(file(), Missing::is_an_error, clock(), soon());
        KSSEDR_CO_ASSERT(other);
        auto const held = (*other)->begin(Access::writes, soon());
        KSSEDR_CO_ASSERT(held);
        auto const refused = co_await store.history().append(std::vector{history_line(1)}, after(200ms));
        KSSEDR_CO_ASSERT(!refused);
        EXPECT_EQ(refused.error().code(), Errc::unavailable);
        EXPECT_TRUE(refused.error().message().contains("another process holds a lock")) << refused.error().message();
        auto const read = co_await store.history().find({}, soon());
        EXPECT_TRUE(read) << "whoever reads need not wait";
        (*other)->rollback();
        auto const kept = co_await store.history().append(std::vector{history_line(1)}, soon());
        EXPECT_TRUE(kept);
    });
}

// A limit on files' sizes; a disk that is full is in test/integration/store_test.py.
TEST_F(OnSqlite, AFullDiskLeavesNothingHalfAndIsOverWhenThereIsRoom) {
    with_store([&](Store& store) -> Task<void> {
        auto const first = co_await store.history().append(std::vector{history_line(1)}, soon());
        KSSEDR_CO_ASSERT(first);
        rlimit before{};
        ::getrlimit(RLIMIT_FSIZE, &before);
        rlimit const small{64 * 1024, before.rlim_max};
        auto const ignored = std::signal(SIGXFSZ, SIG_IGN);
        ::setrlimit(RLIMIT_FSIZE, &small);
        auto big = history_line(2);
        big.text = std::string(200'000, 'b');
        auto const refused = co_await store.history().append(std::vector{history_line(2), big}, soon());
        ::setrlimit(RLIMIT_FSIZE, &before);
        std::signal(SIGXFSZ, ignored);
        KSSEDR_CO_ASSERT(!refused);
        EXPECT_EQ(refused.error().code(), Errc::unavailable);
        EXPECT_TRUE(refused.error().message().contains("whether there is room")) << refused.error().message();
        auto const found = co_await store.history().find({}, soon());
        EXPECT_TRUE(found && found->size() == 1);
        auto const again = co_await store.history().append(std::vector{history_line(2), big}, soon());
        EXPECT_TRUE(again) << again.error().message();
        auto const proof = co_await store.history().verify(*first, soon());
        EXPECT_TRUE(proof && proof->lines == 3 && !proof->broken && proof->has_head);
    });
}

TEST_F(OnSqlite, AFileThatIsTakenAwayKeepsNothingUnseen) {
    with_store([&](Store& store) -> Task<void> {
        auto const made = co_await store.probe(soon());
        KSSEDR_CO_ASSERT(made);
        std::filesystem::remove(file());
        auto const head = co_await store.history().append(std::vector{history_line(1)}, soon());
        KSSEDR_CO_ASSERT(!head);
        EXPECT_EQ(head.error().code(), Errc::corrupt);
        EXPECT_TRUE(head.error().message().contains("removed or replaced")) << head.error().message();
    });
}

TEST_F(OnSqlite, OnceClosedItTakesNothing) {
    with_store([&](Store& store) -> Task<void> {
        co_await store.close();
        auto const late = co_await store.probe(soon());
        EXPECT_TRUE(!late && late.error().code() == Errc::cancelled);
    });
}

}  // namespace
}  // namespace kssedr::store
