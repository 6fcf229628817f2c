#include "providers/redis.h"

#include <gtest/gtest.h>

namespace kssedr::providers {
namespace {

using ports::Trial;

TEST(Redis, CommandsAreCountedNotQuoted) {
    std::array<std::string_view, 3> const words = {"AUTH", "app", "a\r\n$b"};
    EXPECT_EQ(format_redis_command(words).expose(), "*3\r\n$4\r\nAUTH\r\n$3\r\napp\r\n$5\r\na\r\n$b\r\n");
}

TEST(Redis, OnlyAWrongPasswordIsRejected) {
    EXPECT_EQ(judge_redis_refusal("WRONGPASS invalid username-password pair or user is disabled.").trial,
              Trial::rejected);
    EXPECT_EQ(judge_redis_refusal("LOADING Redis is loading the dataset in memory").trial, Trial::inconclusive);
    EXPECT_EQ(judge_redis_refusal("ERR wrong number of arguments for 'auth' command").trial, Trial::inconclusive);
}

TEST(Redis, ErrorsTellWhatTheCallerCanDo) {
    for (auto const& [said, code] : std::initializer_list<std::pair<std::string_view, Errc>>{
             {"NOPERM this user has no permissions", Errc::permission_denied},
             {"LOADING", Errc::unavailable},
             {"READONLY You can't write against a read only replica.", Errc::unavailable},
             {"ERR Error in ACL SETUSER modifier", Errc::invalid_argument},
             {"", Errc::invalid_argument},
         }) {
        auto const error = to_redis_error(said, "ACL SETUSER x");
        EXPECT_EQ(error.code(), code) << said;
        EXPECT_EQ(error.message().contains("ACL SETUSER x"), code == Errc::permission_denied) << said;
    }
}

}  // namespace
}  // namespace kssedr::providers
