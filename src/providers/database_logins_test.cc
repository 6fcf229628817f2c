#include "providers/database_logins.h"

#include "support/coro_test.h"
#include "support/one_secret.h"
#include "support/seeded_random.h"

#include <gtest/gtest.h>

namespace kssedr::providers {
namespace {

using rotation::LoginDatabase;
using rotation::OwnerId;

// Remembers what it was asked for last.
class FakeClient final : public DatabaseClient {
public:
    Async<void> set_password(DatabaseAddress at, SignIn admin, NewPassword wanted, SteadyPoint) override {
        last_at = std::move(at);
        last_admin = std::move(admin);
        last_wanted = std::move(wanted);
        ++sets;
        co_return Result<void>();
    }
    Task<ports::TrialResult> try_login(DatabaseAddress at, SignIn who, SteadyPoint) override {
        last_at = std::move(at);
        last_admin = std::move(who);
        co_return ports::TrialResult{ports::Trial::accepted, {}};
    }

    DatabaseAddress last_at;
    SignIn last_admin;
    NewPassword last_wanted;
    int sets = 0;
};

class FakeTokens final : public azure::TokenSource {
public:
    Async<azure::Token> bearer(std::string audience, SteadyPoint) override {
        asked = std::move(audience);
        co_return std::make_shared<SecretString const>(SecretString::copy_of("a token"));
    }
    void reject(std::string const&, azure::Token const&) override {}

    std::string asked;
};

LoginDatabase database_of(std::string_view owner, std::string alternate) {
    LoginDatabase database{.owner = *OwnerId::parse(owner), .alternate = std::move(alternate), .admin_user = "kssedr"};
    database.admin_password_secret = rotation::SecretRef{{"ops.vault.azure.net"}, "db-admin"};
    database.where = "kssedr.toml:7, database";
    return database;
}

struct Stage {
    Stage() {
        auto tokened = database_of("mysql://my.example.com:3307/app", {});
        tokened.admin_password_secret.reset();
        tokened.ca_file = "/own.pem";
        std::vector<LoginDatabase> databases{database_of("postgresql://db.example.com/app", "app_b"), tokened};
        DatabaseClients clients;
        clients.postgresql = std::make_unique<FakeClient>();
        clients.mysql = std::make_unique<FakeClient>();
        postgresql = static_cast<FakeClient*>(clients.postgresql.get());
        mysql = static_cast<FakeClient*>(clients.mysql.get());
        logins.emplace(std::move(clients), vault, tokens, random, std::move(databases), "https://audience", "/all.pem");
    }

    test::OneSecret vault{"of the admin"};
    FakeTokens tokens;
    test::SeededRandom random{1};
    FakeClient* postgresql = nullptr;
    FakeClient* mysql = nullptr;
    std::optional<DatabaseLogins> logins;
    OwnerId const app = *OwnerId::parse("postgresql://db.example.com/app");
    OwnerId const mine = *OwnerId::parse("mysql://my.example.com:3307/app");
};

TEST(DatabaseLogins, ServesWhatConfigurationNames) {
    Stage stage;
    EXPECT_TRUE(stage.logins->serves(stage.app));
    EXPECT_TRUE(stage.logins->serves(*OwnerId::parse("postgresql://DB.example.com:5432/app")));
    EXPECT_FALSE(stage.logins->serves(*OwnerId::parse("postgresql://db.example.com/APP")));
    EXPECT_FALSE(stage.logins->serves(*OwnerId::parse("postgresql://db.example.com/app_b")));
    EXPECT_EQ(stage.logins->logins(stage.app), (std::vector<std::string>{"app", "app_b"}));
    EXPECT_EQ(stage.logins->logins(stage.mine), std::vector<std::string>{"app"});
    EXPECT_EQ(stage.logins->make_password(stage.app).size(), 32U);
}

TEST(DatabaseLogins, SaysWhatToWriteForAnother) {
    Stage stage;
    auto const said = stage.logins->explain_unserved(*OwnerId::parse("postgresql://db.example.com/app_b"));
    EXPECT_NE(said.find("takes turns with app (kssedr.toml:7, database)"), std::string::npos) << said;
    auto const other = stage.logins->explain_unserved(*OwnerId::parse("redis://c.example.com/x"));
    EXPECT_NE(other.find("[[database]] with owner = \"redis://c.example.com/x\""), std::string::npos) << other;
}

TEST(DatabaseLogins, ShapesNameLoginAndServer) {
    Stage stage;
    auto const shape = stage.logins->shape(stage.mine, "app");
    ASSERT_TRUE(shape.login);
    EXPECT_EQ(shape.login->login, "app");
    EXPECT_EQ(shape.login->host, "my.example.com");
    EXPECT_EQ(shape.login->port, 3307);
    EXPECT_EQ(shape.login->usual_port, 3306);
    EXPECT_EQ(shape.login->schemes, (std::vector<std::string>{"mysql", "mariadb"}));
}

CORO_TEST(DatabaseLogins, TheAdministratorsPasswordIsReadFromItsSecret) {
    Stage stage;
    auto const password = SecretString::copy_of("new");
    auto const done = co_await stage.logins->set(stage.app, "app_b", password, {});
    CO_ASSERT(done);
    EXPECT_EQ(stage.vault.asked, "https://ops.vault.azure.net/secrets/db-admin");
    EXPECT_EQ(stage.postgresql->last_admin.login, "kssedr");
    EXPECT_TRUE(stage.postgresql->last_admin.password.equals("of the admin"));
    EXPECT_EQ(stage.postgresql->last_wanted.login, "app_b");
    EXPECT_TRUE(stage.postgresql->last_wanted.password.equals("new"));
    EXPECT_TRUE(stage.postgresql->last_wanted.former == Former::dropped);
    EXPECT_EQ(stage.postgresql->last_at.text(), "db.example.com:5432");
    EXPECT_EQ(stage.postgresql->last_at.ca_file, "/all.pem");
}

CORO_TEST(DatabaseLogins, OrIsATokenOfEntras) {
    Stage stage;
    auto const password = SecretString::copy_of("new");
    auto const done = co_await stage.logins->set(stage.mine, "app", password, {});
    CO_ASSERT(done);
    EXPECT_EQ(stage.tokens.asked, "https://audience");
    EXPECT_TRUE(stage.mysql->last_admin.is_token);
    EXPECT_TRUE(stage.mysql->last_admin.password.equals("a token"));
    EXPECT_TRUE(stage.mysql->last_wanted.former == Former::kept) << "nobody takes turns with it";
    EXPECT_EQ(stage.mysql->last_at.ca_file, "/own.pem");
}

CORO_TEST(DatabaseLogins, AnAdministratorWithoutAPasswordSetsNone) {
    for (auto const& [given, code] : std::initializer_list<std::pair<Errc, Errc>>{
             {Errc::not_found, Errc::invalid_argument},  // else it would be taken for a login that is not there
             {Errc::permission_denied, Errc::permission_denied},
             {Errc::unavailable, Errc::unavailable}}) {
        Stage stage;
        stage.vault.fails_with = given;
        auto const password = SecretString::copy_of("new");
        auto const done = co_await stage.logins->set(stage.app, "app", password, {});
        CO_ASSERT(!done);
        EXPECT_EQ(done.error().code(), code);
        EXPECT_NE(done.error().message().find("reading the password of kssedr, https://ops.vault"), std::string::npos);
        EXPECT_EQ(stage.postgresql->sets, 0);
    }
}

CORO_TEST(DatabaseLogins, OnlyTheOwnersLoginsAreSetAndTried) {
    Stage stage;
    auto const password = SecretString::copy_of("new");
    auto const done = co_await stage.logins->set(stage.app, "postgres", password, {});
    CO_ASSERT(!done);
    EXPECT_EQ(done.error().code(), Errc::invalid_argument);
    auto const tried = co_await stage.logins->try_login(stage.app, "postgres", password, {});
    EXPECT_EQ(tried.trial, ports::Trial::inconclusive);
    auto const own = co_await stage.logins->try_login(stage.app, "app_b", password, {});
    EXPECT_EQ(own.trial, ports::Trial::accepted);
    EXPECT_EQ(stage.postgresql->last_admin.login, "app_b");
    EXPECT_EQ(stage.vault.asked, "") << "a trial needs no administrator";
}

}  // namespace
}  // namespace kssedr::providers
