#include "providers/database_logins.h"

#include "base/ascii.h"
#include "base/check.h"
#include "providers/mysql.h"
#include "providers/password_maker.h"
#include "providers/postgresql.h"
#include "providers/redis.h"
#include "providers/sqlserver.h"

#include <algorithm>

namespace kssedr::providers {
namespace {

using rotation::DatabaseKind;
using rotation::LoginDatabase;

// Where Debian keeps what libcurl trusts as well.
constexpr std::string_view system_bundle = "/etc/ssl/certs/ca-certificates.crt";

std::vector<std::string> schemes_of(DatabaseKind kind) {
    switch (kind) {
    case DatabaseKind::postgresql: return {"postgresql", "postgres"};
    case DatabaseKind::mysql: return {"mysql", "mariadb"};
    case DatabaseKind::sqlserver: return {"sqlserver", "mssql"};
    case DatabaseKind::redis: return {"redis", "rediss"};
    }
    return {};
}

}  // namespace

DatabaseClients make_database_clients(Offload& offload, Clock& clock) {
    auto offloaded = [&](std::shared_ptr<BlockingDatabase> blocking) {
        return std::make_unique<OffloadedDatabase>(offload, std::move(blocking));
    };
    return {.postgresql = offloaded(make_postgresql(clock)),
            .mysql = offloaded(make_mysql(clock)),
            .sqlserver = offloaded(make_sqlserver(clock)),
            .redis = std::make_unique<Redis>(clock)};
}

rotation::CredentialShape shape_of_login(LoginDatabase const& database, std::string_view login) {
    rotation::CredentialShape shape;
    shape.owner_name = std::string(login);
    // Whatever a person chose once is a password; what is told from others by its place needs no form.
    shape.keys = {{.kind = rotation::KeyForm::Kind::text,
                   .least = 1,
                   .most = 256,
                   .with = "-_.~!\"#$%&'()*+,/:;<=>?@[\\]^`{|} "}};
    shape.key_member = {};
    shape.owner_member = {};
    shape.needed_members = {};
    auto const host = std::string(database.host());
    shape.hosts = {host, host + ':' + std::to_string(database.port())};
    shape.login = rotation::LoginShape{std::string(login), host, database.port(), usual_port(database.kind()),
                                       schemes_of(database.kind())};
    return shape;
}

DatabaseLogins::DatabaseLogins(DatabaseClients clients, ports::Vault& vault, azure::TokenSource& tokens, Random& random,
                               std::vector<LoginDatabase> databases, std::string audience, std::string ca_file)
    : clients_(std::move(clients)),
      vault_(vault),
      tokens_(tokens),
      random_(random),
      databases_(std::move(databases)),
      audience_(std::move(audience)),
      ca_file_(ca_file.empty() ? std::string(system_bundle) : std::move(ca_file)) {}

LoginDatabase const* DatabaseLogins::find(rotation::OwnerId const& owner) const {
    auto const place = std::ranges::find(databases_, owner, &LoginDatabase::owner);
    return place == databases_.end() ? nullptr : &*place;
}

Result<LoginDatabase const*> DatabaseLogins::find_login(rotation::OwnerId const& owner, std::string_view login) const {
    auto const* database = find(owner);
    if (database == nullptr) return fail(Errc::invalid_argument, explain_unserved(owner));
    if (login != owner.name() && login != database->alternate)
        return fail(Errc::invalid_argument, escape_for_display(login) + " is no login of " + database->where);
    return database;
}

bool DatabaseLogins::serves(rotation::OwnerId const& owner) const {
    return find(owner) != nullptr;
}

std::string DatabaseLogins::explain_unserved(rotation::OwnerId const& owner) const {
    if (owner.kind() != rotation::OwnerId::Kind::login) return "kssedr sets no passwords of " + owner.type();
    auto const name = escape_for_display(owner.text(), 300);
    for (auto const& database : databases_)
        if (database.owner.service_key() == owner.service_key() && database.alternate == owner.name())
            return name + " takes turns with " + std::string(database.owner.name()) + " (" + database.where +
                   "); let the secret ask for " + database.owner.text();
    return "the configuration file has no [[database]] with owner = \"" + name +
           "\", which says how the server is reached and who sets passwords there; add one";
}

rotation::CredentialShape DatabaseLogins::shape(rotation::OwnerId const& owner, std::string_view login) const {
    auto const* database = find(owner);
    return database == nullptr ? rotation::CredentialShape() : shape_of_login(*database, login);
}

std::vector<std::string> DatabaseLogins::logins(rotation::OwnerId const& owner) const {
    auto const* database = find(owner);
    return database == nullptr ? std::vector<std::string>() : database->logins();
}

SecretString DatabaseLogins::make_password(rotation::OwnerId const& owner) {
    auto const* database = find(owner);
    KSSEDR_CHECK(database != nullptr, "a password for an owner that is not served");
    return providers::make_password(database->password, random_);
}

DatabaseClient& DatabaseLogins::client_of(LoginDatabase const& database) {
    switch (database.kind()) {
    case DatabaseKind::postgresql: return *clients_.postgresql;
    case DatabaseKind::mysql: return *clients_.mysql;
    case DatabaseKind::sqlserver: return *clients_.sqlserver;
    case DatabaseKind::redis: break;
    }
    return *clients_.redis;
}

DatabaseAddress DatabaseLogins::address_of(LoginDatabase const& database) const {
    return {.host = std::string(database.host()),
            .port = database.port(),
            .tls = database.tls,
            .ca_file = database.ca_file.empty() ? ca_file_ : database.ca_file,
            .database = database.database,
            .account_host = database.account_host};
}

Async<SignIn> DatabaseLogins::fetch_admin(LoginDatabase const& database, SteadyPoint deadline) {
    if (!database.admin_password_secret) {
        auto token = co_await tokens_.bearer(audience_, deadline);
        if (!token) co_return fail(std::move(token).error().during("signing in to Entra as " + database.admin_user));
        co_return SignIn{database.admin_user, (*token)->clone(), true};
    }
    auto const doing = "reading the password of " + database.admin_user + ", " + database.admin_password_secret->url();
    auto version = co_await vault_.fetch(*database.admin_password_secret, {}, deadline);
    if (!version) {
        // What is not found is no login of the server's.
        bool const is_gone = version.error().code() == Errc::not_found;
        if (is_gone) co_return fail(Error(Errc::invalid_argument, version.error().message()).during(doing));
        co_return fail(std::move(version).error().during(doing));
    }
    co_return SignIn{database.admin_user, std::move(version->value), false};
}

Async<void> DatabaseLogins::set(rotation::OwnerId owner, std::string login, SecretString const& password,
                                SteadyPoint deadline) {
    NewPassword wanted{login, password.clone()};
    KSSEDR_CO_TRY(auto const* database, find_login(owner, login));
    // Whoever uses the only login needs its former password until the new version is read.
    if (database->alternate.empty()) wanted.former = Former::kept;
    KSSEDR_CO_TRY(auto admin, co_await fetch_admin(*database, deadline));
    auto done = co_await client_of(*database).set_password(address_of(*database), std::move(admin), std::move(wanted),
                                                           deadline);
    co_return done;
}

Task<ports::TrialResult> DatabaseLogins::try_login(rotation::OwnerId owner, std::string login,
                                                   SecretString const& password, SteadyPoint deadline) {
    SignIn who{login, password.clone(), false};
    auto const database = find_login(owner, login);
    if (!database) co_return ports::TrialResult{ports::Trial::inconclusive, database.error().message()};
    auto& client = client_of(**database);
    co_return co_await client.try_login(address_of(**database), std::move(who), deadline);
}

}  // namespace kssedr::providers
