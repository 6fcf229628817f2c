/// FakeLists: an application with a list of client secrets, in memory and virtual time, beside FakeAzure, whose calls
/// it counts with and whose script befalls it too (`list.get`, `list.add`, `list.remove`, `verify`).

#pragma once

#include "ports/credential_lists.h"
#include "support/fake_azure.h"

namespace kssedr::test {

class FakeLists final : public ports::CredentialLists {
public:
    struct Entry {
        rotation::ListedCredential listed;
        std::string value;
    };

    FakeLists(Clock& clock, Random& random, FakeAzure& azure) : clock_(clock), random_(random), azure_(azure) {}

    std::vector<Entry> entries;
    std::set<std::string> removed_after_their_end;  ///< values
    /// Credentials younger than this are not shown, nor taken, yet.
    Duration lag{}, propagation{};

    Entry& make(std::string mark, Duration age, Duration life) {
        std::string bytes(20, '\0');
        random_.fill(bytes);
        auto value = format_hex(bytes);
        auto const made = clock_.now() - age;
        entries.push_back({{random_.uuid(), std::move(mark), value.substr(0, 3), made, made + life}, value});
        return entries.back();
    }
    [[nodiscard]] Entry const* find(std::string_view value) const {
        auto const place = std::ranges::find(entries, value, &Entry::value);
        return place == entries.end() ? nullptr : &*place;
    }

    [[nodiscard]] bool serves(rotation::OwnerId const& owner) const override {
        return owner.kind() == rotation::OwnerId::Kind::application;
    }
    [[nodiscard]] rotation::CredentialShape shape(rotation::OwnerId const& owner) const override {
        rotation::CredentialShape shape;
        shape.owner_name = owner.name();
        shape.keys = {{rotation::KeyForm::Kind::text, 40, 40, "", ""}};
        shape.key_member.clear();
        shape.owner_member.clear();
        shape.needed_members.clear();
        return shape;
    }
    Async<rotation::CredentialList> list(rotation::OwnerId, SteadyPoint) override {
        auto const event = azure_.begin("list.get");
        co_await clock_.sleep_for(event.takes);
        if (auto failed = FakeAzure::occur(event, [] {})) co_return fail(*failed);
        rotation::CredentialList listed;
        for (auto const& entry : entries)
            if (*entry.listed.begins + lag <= clock_.now()) listed.push_back(entry.listed);
        co_return listed;
    }
    Async<rotation::AddedCredential> add(rotation::OwnerId, std::string mark, TimePoint ends, SteadyPoint) override {
        auto const event = azure_.begin("list.add");
        co_await clock_.sleep_for(event.takes);
        auto const effect = [&] { make(std::move(mark), Duration{}, ends - clock_.now()); };
        if (auto failed = FakeAzure::occur(event, effect)) co_return fail(*failed);
        co_return rotation::AddedCredential{entries.back().listed.id, SecretString::copy_of(entries.back().value)};
    }
    Async<void> remove(rotation::OwnerId, std::string id, SteadyPoint) override {
        auto const event = azure_.begin("list.remove");
        co_await clock_.sleep_for(event.takes);
        auto const effect = [&] {
            for (auto const& entry : entries)
                if (entry.listed.id == id && *entry.listed.ends <= clock_.now())
                    removed_after_their_end.insert(entry.value);
            std::erase_if(entries, [&](Entry const& entry) { return entry.listed.id == id; });
        };
        if (auto failed = FakeAzure::occur(event, effect)) co_return fail(*failed);
        co_return Result<void>();
    }
    Task<ports::TrialResult> verify(rotation::OwnerId, SecretString const& credential, SecretString const&,
                                    SteadyPoint) override {
        auto const event = azure_.begin("verify");
        co_await clock_.sleep_for(event.takes);
        if (azure_.trial)
            if (auto result = azure_.trial()) co_return *std::move(result);
        auto const* entry = find(credential.expose());
        bool const is_taken = entry != nullptr && *entry->listed.begins + propagation <= clock_.now() &&
                              *entry->listed.ends > clock_.now();
        if (is_taken) co_return ports::TrialResult{ports::Trial::accepted, {}};
        co_return ports::TrialResult{ports::Trial::rejected, "AADSTS7000215"};
    }

private:
    Clock& clock_;
    Random& random_;
    FakeAzure& azure_;
};

}  // namespace kssedr::test
