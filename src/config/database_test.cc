#include "config/settings.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace kssedr::config {
namespace {

std::expected<Loaded, Problems> load_file(std::string const& text) {
    std::string const path = ::testing::TempDir() + "kssedr_database_test.toml";
    std::ofstream(path) << text;
    auto loaded = load({{"tenantId", "t"}, {"clientId", "c"}, {"clientSecret", "s"}}, {.config_file = path});
    std::remove(path.c_str());
    return loaded;
}

std::string all_of(Problems const& problems) {
    std::string text;
    for (auto const& problem : problems) text += problem + '\n';
    return text;
}

constexpr std::string_view two_logins = R"(
[[database]]
owner = "postgresql://DB.example.com:5433/app"
alternate = "app_b"
admin_user = "kssedr"
admin_password_secret = "https://ops.vault.azure.net/secrets/db-admin"
)";

TEST(Database, TwoLoginsThatTakeTurns) {
    auto const loaded = load_file(std::string(two_logins));
    ASSERT_TRUE(loaded) << all_of(loaded.error());
    ASSERT_EQ(loaded->settings.databases.size(), 1U);
    auto const& database = loaded->settings.databases.front();
    EXPECT_EQ(database.owner.text(), "postgresql://db.example.com:5433/app");
    EXPECT_EQ(database.kind(), rotation::DatabaseKind::postgresql);
    EXPECT_EQ(database.host(), "db.example.com");
    EXPECT_EQ(database.port(), 5433);
    EXPECT_EQ(database.logins(), (std::vector<std::string>{"app", "app_b"}));
    EXPECT_EQ(database.tls, rotation::DatabaseTls::verify_full);
    ASSERT_TRUE(database.admin_password_secret);
    EXPECT_EQ(database.admin_password_secret->name, "db-admin");
    EXPECT_EQ(database.password, rotation::PasswordPolicy());
}

TEST(Database, EverythingThatMayBeSet) {
    auto const loaded = load_file(R"(
[[database]]
owner = "mysql://db/app"
single_login = true
tls = "verify-full"
database = "shop"
admin_user = "kssedr"
admin_identity = true
account_host = "10.0.%"
password_length = 40
password_classes = ["lower", "digit"]
password_excludes = "l1o0"
)");
    ASSERT_TRUE(loaded) << all_of(loaded.error());
    auto const& database = loaded->settings.databases.front();
    EXPECT_EQ(database.port(), 3306);
    EXPECT_EQ(database.logins(), std::vector<std::string>{"app"});
    EXPECT_FALSE(database.admin_password_secret);
    EXPECT_EQ(database.account_host, "10.0.%");
    EXPECT_EQ(database.password.length, 40U);
    EXPECT_EQ(database.password.classes, (std::vector<std::string>{"abcdefghijkmnpqrstuvwxyz", "23456789"}));
}

TEST(Database, WhatIsWrongIsSaidWithItsLine) {
    struct Case {
        std::string_view text;
        std::string_view says;
    };
    for (auto const& [text, says] : std::initializer_list<Case>{
             {"owner = \"postgresql://db\"", ":2, database: owner is to be the login"},
             {"alternat = \"b\"", ":8, database: a database has no member \"alternat\"; did you mean alternate?"},
             {"alternate = \"app\"", ":3, database: alternate is the login of owner itself"},
             {"alternate = \"a b\"", ":3, database: alternate is the other login's name"},
             {"alternate = \"\"",
              ":1, database: name the login that takes turns with app in alternate; or write "
              "single_login = true, and know that whoever uses it is cut off"},
             {"single_login = true", ":8, database: single_login = true and an alternate contradict"},
             {"single_login = \"yes\"", ":8, database: single_login is true or false"},
             {"tls = \"require\"", ":8, database: tls is verify-full, which is the default, or off"},
             {"ca_file = \"/nowhere.pem\"", ":8, database: the file /nowhere.pem can not be read"},
             {"admin_user = \"\"", ":4, database: admin_user is missing"},
             {"admin_user = \"a';--\"", ":4, database: admin_user is made of letters"},
             {"admin_user = \"app_b\"", ":4, database: admin_user is a login that is rotated here"},
             {"admin_identity = true", ":5, database: write one of admin_password_secret"},
             {"admin_password_secret = \"https://elsewhere/secrets/a\"", ":5, database: "},
             {"account_host = \"%\"", ":8, database: account_host is for mysql"},
             {"password_length = 8", ":8, database: password_length is a number from 12 to 128"},
             {"password_classes = [\"emoji\"]", ":8, database: the classes are lower, upper, digit and mark"},
             {"password_excludes = \"-_.~\"", ":8, database: password_excludes leaves a class without"},
             {"password_classes = [\"digit\"]\npassword_length = 20", "such passwords could be guessed"},
             {"ca_file = { a = 1 }", ":8, database: ca_file is to be a text in quotes"},
         }) {
        SCOPED_TRACE(text);
        // A member that the table has is replaced in its line; another comes last.
        std::string lines =
            "[[database]]\nowner = \"postgresql://db/app\"\nalternate = \"app_b\"\nadmin_user = \"k\"\n"
            "admin_password_secret = \"https://ops.vault.azure.net/secrets/a\"\n\n\n";
        auto const name = std::string(text.substr(0, text.find('=')));
        if (auto const place = lines.find('\n' + name); place != std::string::npos)
            lines.replace(place + 1, lines.find('\n', place + 1) - place - 1, text);
        else
            lines += text;
        auto const loaded = load_file(lines);
        ASSERT_FALSE(loaded);
        EXPECT_NE(all_of(loaded.error()).find(says), std::string::npos) << all_of(loaded.error());
    }
}

TEST(Database, ALoginIsRotatedByOneTableOnly) {
    auto const loaded = load_file(std::string(two_logins) + R"(
[[database]]
owner = "postgresql://db.example.com:5433/app_b"
single_login = true
admin_user = "kssedr"
admin_password_secret = "https://ops.vault.azure.net/secrets/db-admin"
)");
    ASSERT_FALSE(loaded);
    EXPECT_NE(all_of(loaded.error()).find("as well"), std::string::npos) << all_of(loaded.error());
}

TEST(Database, TokensOfEntraGoWhereTheyAreKnownAndNowhereInTheClear) {
    for (std::string_view const rest :
         {"owner = \"redis://c/app\"", "owner = \"sqlserver://c/app\"", "owner = \"mysql://c/app\"\ntls = \"off\""}) {
        auto const loaded = load_file("[[database]]\nalternate = \"b\"\nadmin_user = \"k\"\nadmin_identity = true\n" +
                                      std::string(rest));
        ASSERT_FALSE(loaded) << rest;
    }
}

}  // namespace
}  // namespace kssedr::config
