/// Calls: the engine's calls through its ports, each repeated where that can do no harm (async/retry.h), each within
/// its own longest time and the caller's deadline.

#pragma once

#include "async/clock.h"
#include "async/retry.h"
#include "base/log.h"
#include "base/random.h"
#include "engine/pace.h"
#include "engine/value_seen.h"
#include "ports/credential_lists.h"
#include "ports/credential_provider.h"
#include "ports/login_passwords.h"
#include "ports/owner_lock.h"
#include "ports/vault.h"
#include "ports/vault_directory.h"

#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace kssedr::engine {

/// What the engine acts through. All must outlive it.
struct Ports {
    ports::Vault& vault;
    ports::CredentialProvider& provider;
    ports::VaultDirectory& directory;
    ports::OwnerLock& lock;
    Clock& clock;
    Random& random;
    Log& log;
    ports::CredentialLists* lists = nullptr;  ///< null: owners with lists of credentials are not served
    ports::LoginPasswords* logins = nullptr;  ///< null: logins are not served

    /// Whether the owner has a list of credentials that are added and removed.
    [[nodiscard]] bool has_list(rotation::OwnerId const& owner) const {
        return lists != nullptr && lists->serves(owner);
    }
    /// Whether the owner is one login or two, whose passwords are set.
    [[nodiscard]] bool has_logins(rotation::OwnerId const& owner) const {
        return logins != nullptr && logins->serves(owner);
    }
    [[nodiscard]] bool serves(rotation::OwnerId const& owner) const {
        return has_list(owner) || has_logins(owner) || provider.serves(owner);
    }
    /// Whether a new credential of the owner's can be tried before it is published.
    [[nodiscard]] bool may_try(rotation::OwnerId const& owner) const {
        return has_list(owner) || has_logins(owner) || provider.may_try(owner);
    }
    /// For an owner that is not served: why not, and what to do, for people.
    [[nodiscard]] std::string explain_unserved(rotation::OwnerId const& owner) const {
        bool const is_login = owner.kind() == rotation::OwnerId::Kind::login && logins != nullptr;
        return is_login ? logins->explain_unserved(owner) : provider.explain_unserved(owner);
    }
};

/// Whether a missing right is waited for: role assignments take minutes to spread, but a person at a terminal wants to
/// be told.
enum class MissingRight : bool { is_said, is_waited_for };

/// An effect at the provider that is about to be sent: for the first time, or once more after the service said "not
/// now".
enum class Sending : bool { first, after_a_no };
/// Whether what an effect's decision stands on is still so.
using StillSo = std::function<Task<Result<bool>>(Sending)>;

class Calls {
public:
    Calls(Ports& ports, Pace& pace, SteadyPoint deadline, MissingRight missing_right);

    Calls(Calls const&) = delete;
    Calls& operator=(Calls const&) = delete;
    ~Calls();

    /// Waits until the provider may be called as often as a whole rotation of this owner calls it: so the rest of it
    /// waits for nobody, holds the owner's lock no longer than it works, and acts on evidence that is fresh. Done once;
    /// whether there was anything to wait for.
    Async<bool> take_turns(rotation::OwnerId owner);

    Async<rotation::SecretVersion> fetch(rotation::SecretRef secret, std::string version);
    Async<std::vector<rotation::SecretProperties>> list_versions(rotation::SecretRef secret);
    Async<rotation::SecretListing> list_secrets(rotation::VaultHost vault);
    Async<std::string> fetch_vault_host(rotation::ArmId vault);
    Async<std::vector<rotation::VaultHost>> list_vaults(rotation::ArmId scope);
    Async<rotation::Credentials> list_credentials(rotation::OwnerId owner);
    Async<rotation::CredentialList> list_of(rotation::OwnerId owner);
    /// Tries a credential against the owner's service; of logins, `credential.slot` is the login.
    Task<ports::TrialResult> verify(rotation::OwnerId owner, rotation::Credential const& credential,
                                    SecretString const& value);

    // Effects: sent only while the lease outlasts them, checked right before each sending.
    /// `is_still_so` is asked right before each sending; where it is not, nothing is sent: `invalid_argument`, service
    /// code `Changed`.
    Async<rotation::Credentials> regenerate(rotation::OwnerId owner, std::string slot, ports::OwnerLease& lease,
                                            StillSo is_still_so);
    /// Adds to the owner's list, and removes from it; `is_still_so` as above.
    Async<rotation::AddedCredential> add(rotation::OwnerId owner, std::string mark, TimePoint ends,
                                         ports::OwnerLease& lease, StillSo is_still_so);
    Async<void> remove(rotation::OwnerId owner, std::string id, ports::OwnerLease& lease, StillSo is_still_so);
    Async<void> set_password(rotation::OwnerId owner, std::string login, SecretString const& password,
                             ports::OwnerLease& lease, StillSo is_still_so);
    Async<rotation::SecretProperties> publish(rotation::SecretRef secret, rotation::SecretDraft const& draft,
                                              ports::OwnerLease& lease);
    Async<void> disable(rotation::SecretRef secret, std::string version);

    /// Why the last publication got no answer that says whether it happened; nothing where it got one.
    [[nodiscard]] std::optional<Error> const& unanswered_publication() const { return unanswered_publication_; }

    /// Until when what was sent and got no answer may land.
    [[nodiscard]] SteadyPoint may_land_until() const { return may_land_until_; }

    /// How far apart the dates of this vault's answers lie, the time between them taken off; nothing before there are
    /// two.
    [[nodiscard]] std::optional<Duration> spread_of_dates(rotation::VaultHost const& vault) const;

    [[nodiscard]] SteadyPoint deadline() const { return deadline_; }
    [[nodiscard]] SteadyPoint now() const { return ports_.clock.steady_now(); }
    /// What a value is understood to be. Errors as those of formats::parse_value_form.
    [[nodiscard]] Result<ValueSeen> read_value(rotation::OwnerId const& owner, SecretString const& value);

private:
    /// How the owner's credentials look, for each of its logins where it has any. Asked once an owner: it is made of
    /// many texts, and looked at for each value that is read. Good until another owner's is asked for.
    [[nodiscard]] std::vector<rotation::CredentialShape> const& shapes(rotation::OwnerId const& owner);
    /// Lets the pace know what became of a call, and says where that changes what is sent there.
    template <class Where, class T>
    void heed(Where const& where, Result<T> const& result);
    /// What became of an effect; where that is not known it may land until then, and the lease is kept as long.
    template <class T>
    void note_effect(ports::OwnerLease& lease, Result<T> const& result, SteadyPoint until);
    [[nodiscard]] SteadyPoint within(Duration longest) const;
    /// One of the turns that were taken, else one that is waited for.
    Async<void> turn_of_provider(rotation::OwnerId owner);
    /// Sends an effect on the owner, as often as that can do no harm; `send` takes until when it must have ended.
    template <class T, class Send>
    Async<T> send_effect(rotation::OwnerId owner, ports::OwnerLease& lease, StillSo is_still_so, Duration may_land_for,
                         Send send);
    /// What has to be so before an effect on the owner is sent, and until when it must have ended.
    Async<SteadyPoint> admit_effect(rotation::OwnerId owner, ports::OwnerLease& lease, StillSo const& is_still_so,
                                    Sending& sending);

    struct Turns {
        rotation::OwnerId owner;
        int left;
    };
    struct Shaped {
        rotation::OwnerId owner;
        std::vector<rotation::CredentialShape> shapes;
    };

    void note_date(rotation::VaultHost const& vault, TimePoint seen_at);

    Ports& ports_;
    Pace& pace_;
    SteadyPoint deadline_;
    RetryPolicy reading_, acting_;
    std::optional<Turns> turns_;
    std::optional<Shaped> shaped_;
    SteadyPoint may_land_until_{};  ///< what was sent, and got no answer that tells
    std::optional<Error> unanswered_publication_;
    /// What a vault's clock showed when ours began to count, by each of its answers.
    std::map<rotation::VaultHost, std::vector<TimePoint>> beginnings_;
};

}  // namespace kssedr::engine
