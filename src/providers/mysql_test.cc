#include "providers/mysql.h"

#include <gtest/gtest.h>

namespace kssedr::providers {
namespace {

using ports::Trial;

TEST(Mysql, HashesAsTheServerDoes) {
    // SELECT PASSWORD('secret')
    EXPECT_EQ(hash_for_mariadb(SecretString::copy_of("secret")).expose(), "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7");
}

TEST(Mysql, RefusalsTellWhetherThePasswordWasWeighed) {
    for (auto const& [number, trial] : std::initializer_list<std::pair<unsigned, Trial>>{
             {1045, Trial::rejected},
             {1698, Trial::rejected},
             {1049, Trial::accepted},
             {1044, Trial::accepted},
             {1040, Trial::inconclusive},
             {1130, Trial::inconclusive},
             {2002, Trial::inconclusive},
             {2026, Trial::inconclusive},
         })
        EXPECT_EQ(judge_mysql_refusal(number, "why").trial, trial) << number;
}

TEST(Mysql, NumbersTellWhatTheCallerCanDo) {
    for (auto const& [number, code] : std::initializer_list<std::pair<unsigned, Errc>>{
             {1227, Errc::permission_denied},
             {1044, Errc::permission_denied},
             {1396, Errc::not_found},
             {1205, Errc::unavailable},
             {1290, Errc::unavailable},
             {1317, Errc::unavailable},
             {1969, Errc::unavailable},
             {1053, Errc::outcome_unknown},
             {2006, Errc::outcome_unknown},
             {2013, Errc::outcome_unknown},
             {2026, Errc::outcome_unknown},
             {1819, Errc::invalid_argument},
             {1064, Errc::invalid_argument},
         }) {
        auto const error = to_mysql_error(number, "why", "GRANT x;");
        EXPECT_EQ(error.code(), code) << number;
        EXPECT_EQ(error.message().contains("GRANT x;"), code == Errc::permission_denied) << number;
    }
}

}  // namespace
}  // namespace kssedr::providers
