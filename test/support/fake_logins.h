/// FakeLogins: a database server with logins, in memory and virtual time, beside FakeAzure, whose calls it counts with
/// and whose script befalls it too (`login.set`, `login.try`).

#pragma once

#include "ports/login_passwords.h"
#include "support/fake_azure.h"

namespace kssedr::test {

class FakeLogins final : public ports::LoginPasswords {
public:
    FakeLogins(Clock& clock, Random& random, FakeAzure& azure, std::vector<std::string> names)
        : clock_(clock), random_(random), azure_(azure), names_(std::move(names)) {}

    std::map<std::string, std::string> passwords;  ///< by login
    /// Beside it, as far as the server keeps former ones: set by a test, or by `set` where `keeps_former`.
    std::map<std::string, std::string> formers;
    bool keeps_former = false;
    bool may_be_asked = true;
    int set_count = 0;

    [[nodiscard]] bool serves(rotation::OwnerId const& owner) const override {
        return owner.kind() == rotation::OwnerId::Kind::login && owner.name() == names_.front();
    }
    [[nodiscard]] std::string explain_unserved(rotation::OwnerId const&) const override { return "not configured"; }
    [[nodiscard]] rotation::CredentialShape shape(rotation::OwnerId const&, std::string_view login) const override {
        rotation::CredentialShape shape;
        shape.owner_name = std::string(login);
        shape.keys = {{rotation::KeyForm::Kind::text, 1, 64, "", "-_"}};
        shape.key_member = shape.owner_member = {};
        shape.needed_members.clear();
        shape.login = rotation::LoginShape{std::string(login), "db", 5432, 5432, {"postgresql"}};
        return shape;
    }
    [[nodiscard]] std::vector<std::string> logins(rotation::OwnerId const&) const override { return names_; }
    [[nodiscard]] SecretString make_password(rotation::OwnerId const&) override {
        std::string bytes(8, '\0');
        random_.fill(bytes);
        return SecretString::absorb(format_hex(bytes));
    }
    Async<void> set(rotation::OwnerId, std::string login, SecretString const& password, SteadyPoint) override {
        auto const event = azure_.begin("login.set");
        std::string const wanted(password.expose());
        co_await clock_.sleep_for(event.takes);
        auto const effect = [&] {
            ++set_count;
            if (keeps_former && passwords[login] != wanted) formers[login] = passwords[login];
            passwords[login] = wanted;
        };
        if (auto failed = FakeAzure::occur(event, effect)) co_return fail(*failed);
        co_return Result<void>();
    }
    Task<ports::TrialResult> try_login(rotation::OwnerId, std::string login, SecretString const& password,
                                       SteadyPoint) override {
        auto const event = azure_.begin("login.try");
        std::string const tried(password.expose());
        co_await clock_.sleep_for(event.takes);
        if (event.before) event.before();
        if (!may_be_asked) co_return ports::TrialResult{ports::Trial::inconclusive, "no route to host"};
        bool const is_it = is_taken(login, tried);
        co_return ports::TrialResult{is_it ? ports::Trial::accepted : ports::Trial::rejected, "28P01"};
    }

    [[nodiscard]] bool is_taken(std::string const& login, std::string const& password) const {
        auto const former = formers.find(login);
        return passwords.at(login) == password || (former != formers.end() && former->second == password);
    }

private:
    Clock& clock_;
    Random& random_;
    FakeAzure& azure_;
    std::vector<std::string> names_;
};

}  // namespace kssedr::test
