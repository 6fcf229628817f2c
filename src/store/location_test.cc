#include "store/location.h"

#include <gtest/gtest.h>

#include <optional>

namespace kssedr::store {
namespace {

TEST(Location, WhatMayBeWritten) {
    struct Case {
        std::string_view text;
        Location location;
        std::string_view shown;
    };
    constexpr auto bundle = "/etc/ssl/certs/ca-certificates.crt";
    for (auto const& c : std::vector<Case>{
             {"/var/lib/kssedr/kssedr.db", {"/var/lib/kssedr/kssedr.db", {}}, "/var/lib/kssedr/kssedr.db"},
             {" kssedr.db ", {"kssedr.db", {}}, "kssedr.db"},
             {"postgresql://db.example/kssedr",
              {{}, ServerLocation{"", "db.example", 5432, "kssedr", "verify-full", bundle}},
              "postgresql://db.example:5432/kssedr"},
             {"postgresql://me@db.example:6000/kssedr?sslmode=require&sslrootcert=/etc/ca.pem",
              {{}, ServerLocation{"me", "db.example", 6000, "kssedr", "require", "/etc/ca.pem"}},
              "postgresql://me@db.example:6000/kssedr"},
             {"postgresql://[::1]:6000/kssedr",
              {{}, ServerLocation{"", "::1", 6000, "kssedr", "verify-full", bundle}},
              "postgresql://[::1]:6000/kssedr"},
             {"postgresql://me@/kssedr?host=/run/postgresql",
              {{}, ServerLocation{"me", "/run/postgresql", 5432, "kssedr", "verify-full", bundle}},
              "postgresql://me@/kssedr?host=/run/postgresql"},
         }) {
        SCOPED_TRACE(c.text);
        auto const location = parse_location(c.text);
        ASSERT_TRUE(location) << location.error().message();
        EXPECT_EQ(*location, c.location);
        EXPECT_EQ(location->text(), c.shown);
    }
}

TEST(Location, WhatMayNot) {
    struct Case {
        std::string_view text;
        std::string_view says;
    };
    for (auto const& c : std::vector<Case>{
             {"", "empty"},
             {"mysql://host/db", "path of a file"},
             {"postgresql://host", "names no database"},
             {"postgresql://host/", "name of letters"},
             {"postgresql://me:hunter2@host/db", "password"},
             {"postgresql://me:hun@ter2@host/db", "password"},
             {"postgresql://host/db?password=hunter2", "parameters"},
             {"postgresql://host/db?sslmode=maybe", "sslmode"},
             {"postgresql://host/db?sslrootcert=relative", "sslrootcert"},
             {"postgresql://host/db?host=relative", "host"},
             {"postgresql://ho st/db", "the host"},
             {"postgresql://[::1/db", "]"},
             {"postgresql://[::1]x/db", "port"},
             {"postgresql://host:0/db", "port"},
             {"postgresql://host:99999/db", "port"},
             {"postgresql://host:1x/db", "port"},
             {"postgresql://host/a b", "name of letters"},
             {"postgresql://host/a%20b", "name of letters"},
             {"postgresql://@host/db", "user"},
         }) {
        SCOPED_TRACE(c.text);
        auto const location = parse_location(c.text);
        ASSERT_FALSE(location);
        EXPECT_EQ(location.error().code(), Errc::invalid_argument);
        EXPECT_TRUE(location.error().message().contains(c.says)) << location.error().message();
        EXPECT_FALSE(location.error().message().contains("hunter2"));
    }
}

}  // namespace
}  // namespace kssedr::store
