#include "providers/sqlserver.h"

#include <gtest/gtest.h>

namespace kssedr::providers {
namespace {

using ports::Trial;

TEST(Sqlserver, TlsIsVerifiedUnlessItIsSwitchedOff) {
    DatabaseAddress at{.host = "db.example.com", .port = 1433, .ca_file = "/etc/ca.pem"};
    EXPECT_EQ(format_freetds_section(at, std::chrono::milliseconds{20'900}),
              "[kssedr]\nhost = db.example.com\nport = 1433\ntds version = 7.4\nclient charset = UTF-8\n"
              "connect timeout = 20\ntimeout = 20\nencryption = require\ncheck certificate hostname = yes\n"
              "ca file = /etc/ca.pem\n");
    at.tls = rotation::DatabaseTls::off;
    EXPECT_TRUE(format_freetds_section(at, Duration{-5}).ends_with("timeout = 1\ntimeout = 1\nencryption = off\n"));
}

TEST(Sqlserver, OnlyAFailedLoginIsRejected) {
    for (auto const& [number, trial] : std::initializer_list<std::pair<int, Trial>>{
             {18456, Trial::rejected},
             {4060, Trial::accepted},
             {18487, Trial::inconclusive},  // expired, and right
             {40615, Trial::inconclusive},  // Azure's firewall
             {0, Trial::inconclusive},
         })
        EXPECT_EQ(judge_sqlserver_refusal(number, "why").trial, trial) << number;
}

TEST(Sqlserver, NumbersTellWhatTheCallerCanDo) {
    for (auto const& [number, code] : std::initializer_list<std::pair<int, Errc>>{
             {15151, Errc::permission_denied},
             {40501, Errc::unavailable},
             {1222, Errc::unavailable},
             {15118, Errc::invalid_argument},
         }) {
        auto const error = to_sqlserver_error(number, "why", "GRANT x;");
        EXPECT_EQ(error.code(), code) << number;
        EXPECT_EQ(error.message().contains("GRANT x;"), code == Errc::permission_denied) << number;
    }
}

}  // namespace
}  // namespace kssedr::providers
