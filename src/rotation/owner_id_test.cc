#include "rotation/owner_id.h"

#include <gtest/gtest.h>

namespace kssedr::rotation {
namespace {

using Kind = OwnerId::Kind;

TEST(OwnerId, ReadsEachKind) {
    struct Case {
        std::string_view written;
        Kind kind;
        std::string_view text;
        std::string_view service, type, name, host;
    };
    constexpr std::string_view account =
        "/subscriptions/S1/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/Acct";
    for (auto const& c : {
             Case{account, Kind::resource, account, "s1/microsoft.storage", "Microsoft.Storage/storageAccounts", "Acct",
                  ""},
             Case{" entra:0A000000-0000-4000-8000-00000000000B ", Kind::application,
                  "entra:0a000000-0000-4000-8000-00000000000b", "entra:", "entra",
                  "0a000000-0000-4000-8000-00000000000b", ""},
             Case{"PostgreSQL://DB.example:5432/App_a", Kind::login, "postgresql://db.example/App_a",
                  "postgresql://db.example/", "postgresql", "App_a", "db.example"},
             Case{"redis://10.0.0.4:6380/app", Kind::login, "redis://10.0.0.4:6380/app", "redis://10.0.0.4:6380/",
                  "redis", "app", "10.0.0.4:6380"},
             Case{"hook:Mail-Relay", Kind::hook, "hook:mail-relay", "hook:mail-relay", "hook", "mail-relay", ""},
         }) {
        SCOPED_TRACE(c.written);
        auto const owner = OwnerId::parse(c.written);
        ASSERT_TRUE(owner);
        EXPECT_EQ(owner->kind(), c.kind);
        EXPECT_EQ(owner->text(), c.text);
        EXPECT_EQ(owner->service_key(), c.service);
        EXPECT_EQ(owner->type(), c.type);
        EXPECT_EQ(owner->name(), c.name);
        EXPECT_EQ(owner->host(), c.host);
        EXPECT_EQ(owner->resource() != nullptr, c.kind == Kind::resource);
    }
}

TEST(OwnerId, RefusesWhatIsNone) {
    for (std::string_view const written : {
             "/subscriptions/s1/resourceGroups/rg",
             "entra:acct",
             "entra:0a000000-0000-4000-8000-00000000000",
             "hook:",
             "hook:../x",
             "postgresql://db",
             "postgresql://db/",
             "postgresql://db:0/app",
             "postgresql://db:65536/app",
             "postgresql://db:/app",
             "postgresql://a@db/app",
             "postgresql://db/app/other",
             "postgresql://db/app?sslmode=disable",
             "postgresql://-db/app",
             "postgresql://db..example/app",
             "oracle://db/app",
             "",
         }) {
        EXPECT_FALSE(OwnerId::parse(written)) << written;
    }
}

TEST(OwnerId, TellsWhatIsTheSame) {
    struct Case {
        std::string_view a, b;
        bool is_same;
    };
    for (auto const& c : {
             Case{"mysql://db:3306/app", "mysql://DB/app", true},
             Case{"mysql://db/app", "mysql://db/App", false},
             Case{"mysql://db:3307/app", "mysql://db/app", false},
             Case{"mysql://db/app", "postgresql://db/app", false},
             Case{"hook:a", "hook:A", true},
         }) {
        SCOPED_TRACE(std::string(c.a) + ' ' + std::string(c.b));
        auto const a = OwnerId::parse(c.a);
        auto const b = OwnerId::parse(c.b);
        ASSERT_TRUE(a && b);
        EXPECT_EQ(*a == *b, c.is_same);
        EXPECT_EQ(a->key() == b->key(), c.is_same);
    }
}

TEST(OwnerId, KnowsAnApplicationByItsObjectIdAlone) {
    auto const owner = OwnerId::find_application("0a000000-0000-4000-8000-00000000000b");
    ASSERT_TRUE(owner);
    EXPECT_EQ(owner->text(), "entra:0a000000-0000-4000-8000-00000000000b");
    EXPECT_FALSE(OwnerId::find_application("0a000000-0000-4000-8000-00000000000z"));
}

}  // namespace
}  // namespace kssedr::rotation
