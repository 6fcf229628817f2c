#include "engine/publication.h"

namespace kssedr::engine {
namespace {

// What was read of a secret longer ago than this is read again before it is acted on.
constexpr Duration reading_stays_fresh = std::chrono::seconds{1};
constexpr Duration pause_between_looks = std::chrono::seconds{2};

using Published = std::optional<rotation::SecretProperties>;

// The answer to a publication was lost: the vault says whether it happened. Where it did not (yet), whoever sent it
// waits until it can not any more before anything is made anew for the owner.
Async<Published> look_for(Publication const& publication, rotation::SecretDraft const& draft, Calls& calls,
                          Clock& clock) {
    auto const& before = publication.target.version.properties.version;
    for (int i = 0; i < 2; ++i) {
        KSSEDR_CO_TRY(auto const current, co_await calls.fetch(publication.target.secret, {}));
        if (current.properties.version != before) {
            if (current.value == draft.value) co_return current.properties;
            co_return std::nullopt;
        }
        co_await clock.sleep_for(pause_between_looks);
    }
    co_return std::nullopt;
}

}  // namespace

Async<Published> publish(Publication publication, Calls& calls, Ports& ports, ports::OwnerLease& lease) {
    auto const& target = publication.target;
    if (ports.clock.steady_now() - target.read_at > reading_stays_fresh) {
        KSSEDR_CO_TRY(auto const current, co_await calls.fetch(target.secret, {}));
        if (current.properties != target.version.properties) co_return std::nullopt;
    }
    // The vault's date now: what it was when the secret was read, and the time since.
    auto const now = target.version.seen_at + (ports.clock.steady_now() - target.read_at);
    auto draft = rotation::draft_next(target.version.properties, target.terms, publication.credential.slot,
                                      publication.slot_index, publication.expires, now);
    draft.value = target.form.replace(target.version.value, publication.credential.slot, publication.credential.value);
    auto published = co_await calls.publish(target.secret, draft, lease);
    if (!published && published.error().code() == Errc::outcome_unknown) {
        ports.log.warn("rotation.publication_in_doubt", {{"vault", target.secret.vault.text},
                                                         {"secret", target.secret.name},
                                                         {"why", published.error().message()}});
        co_return co_await look_for(publication, draft, calls, ports.clock);
    }
    if (!published) co_return fail(std::move(published).error());
    ports.log.info("rotation.published", {{"vault", target.secret.vault.text},
                                          {"secret", target.secret.name},
                                          {"version", published->version},
                                          {"credential", publication.credential.slot}});
    co_return *std::move(published);
}

}  // namespace kssedr::engine
