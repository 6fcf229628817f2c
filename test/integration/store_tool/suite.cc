// store-suite: the suite that every store passes, on the server that it is told of. Empties the database for each case.
//
//   store-suite postgresql://…

#include "store/postgresql_database.h"
#include "store/store.h"
#include "support/store_suite.h"

namespace kssedr::store {
namespace {

std::string location;

class OnServer : public test::LoopTest {};

void empty(Clock const& clock, SteadyPoint deadline) {
    auto const at = parse_location(location);
    ASSERT_TRUE(at && at->server);
    auto database = open_postgresql(*at->server, clock, deadline);
    ASSERT_TRUE(database) << database.error().message();
    for (auto const* const statement : {"DROP SCHEMA public CASCADE", "CREATE SCHEMA public"}) {
        auto const done = (*database)->run(statement);
        ASSERT_TRUE(done) << done.error().message();
    }
}

TEST_F(OnServer, PassesTheSuite) {
    for (auto const& c : test::store_cases()) {
        SCOPED_TRACE(c.name);
        empty(clock(), after(std::chrono::seconds{20}));
        auto store = Store::open(executor(), clock(), location,
                                 {.parked = {test::suite_parked_malformed, test::suite_parked_all},
                                  .inbox = {test::suite_inbox_messages, test::suite_inbox_bytes}});
        ASSERT_TRUE(store);
        auto const body = [&]() -> Task<void> {
            co_await c.run(
                {(*store)->history(), (*store)->parked(), (*store)->inbox(), (*store)->checkpoints(), clock()});
            co_await (*store)->close();
        };
        run(body());
    }
}

}  // namespace
}  // namespace kssedr::store

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    if (argc != 2) return 2;
    kssedr::store::location = argv[1];
    return RUN_ALL_TESTS();
}
