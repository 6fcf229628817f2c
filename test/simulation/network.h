/// Network: what a process sees of the services, and everything that can befall a call on its way.
///
/// The engine's ports to the estate. A call's request travels, is answered from the truth of that moment (or, a listing
/// of credentials, from a little before), and its answer travels back. An effect that was sent lands within its
/// deadline or never; when its process dies or gives up on the way it may still land.

#pragma once

#include "estate.h"
#include "statistics.h"
#include "trace.h"

#include "async/clock.h"
#include "ports/credential_provider.h"
#include "ports/vault.h"
#include "ports/vault_directory.h"

#include <functional>
#include <memory>
#include <vector>

namespace kssedr::simulation {

/// An attempt under way in a process: whose effects are whose.
struct AttemptUnderWay {
    int secret;
    SteadyPoint began;
    int leak = 0;  ///< the number of the answer to a leak; 0: none

    friend bool operator==(AttemptUnderWay const&, AttemptUnderWay const&) = default;
};

/// What a process regenerates next, as it says before it does.
struct Regenerating {
    int secret = -1;
    Purpose purpose = Purpose::rotation;
};

/// What the parts of one process share. Lives as long as its coroutines.
struct ProcessContext {
    int number = 0;
    Life life;
    Duration skew{};
    std::vector<AttemptUnderWay> attempts;
    std::vector<std::size_t> last_read;      ///< by secret: the version read last, as an index
    std::vector<Regenerating> regenerating;  ///< by owner
    /// By owner: the moments whose truth the last listing showed, and the one before it.
    std::vector<SteadyPoint> last_listing, listing_before;
    std::vector<SteadyPoint> listing_failed_at;  ///< by owner: when one could not be had, the last time
    std::vector<SteadyPoint> silent_until;       ///< by endpoint: it said not to come again before
    std::function<void(Duration)> die_within;    ///< asks the world to kill it within that time
    std::function<void(int owner)> meddle;       ///< asks the world to let somebody meddle now
    /// Tells the world that an effect was sent after its deadline and its lease.
    std::function<void(int owner, SteadyPoint lands)> send_overdue;
};

/// A process's clock. Every sleep is a point where the process may die or be paused.
class ProcessClock final : public Clock {
public:
    ProcessClock(Timeline& timeline, ProcessContext& context, Plan const& plan, Chance& chance, Statistics& statistics)
        : timeline_(timeline), context_(context), plan_(plan), chance_(chance), statistics_(statistics) {}

    [[nodiscard]] TimePoint now() const override { return beginning + timeline_.now().since_start + context_.skew; }
    [[nodiscard]] SteadyPoint steady_now() const override { return timeline_.now(); }
    Task<void> sleep_until(SteadyPoint when) override;

private:
    Timeline& timeline_;
    ProcessContext& context_;
    Plan const& plan_;
    Chance& chance_;
    Statistics& statistics_;
};

/// What outlives every process of a world: all that an effect under way may refer to.
struct Site {
    Estate& estate;
    Timeline& timeline;
    Plan const& plan;
    Statistics& statistics;
    Trace& trace;
};

/// The service code of a failure that a service answered with, rather than saying nothing.
inline constexpr std::string_view server_error_code = "InternalServerError";

class Network final : public ports::Vault, public ports::CredentialProvider, public ports::VaultDirectory {
public:
    Network(Estate& estate, Timeline& timeline, ProcessContext& context, Clock& clock, Plan const& plan, Chance& chance,
            Statistics& statistics, Trace& trace)
        : estate_(estate),
          timeline_(timeline),
          context_(context),
          clock_(clock),
          plan_(plan),
          chance_(chance),
          statistics_(statistics),
          trace_(trace) {}

    Async<rotation::SecretVersion> fetch(rotation::SecretRef secret, std::string version,
                                         SteadyPoint deadline) override;
    Async<std::vector<rotation::SecretProperties>> list_versions(rotation::SecretRef secret,
                                                                 SteadyPoint deadline) override;
    Async<rotation::SecretListing> list_secrets(rotation::VaultHost vault, SteadyPoint deadline) override;
    Async<rotation::SecretProperties> publish(rotation::SecretRef secret, rotation::SecretDraft const& draft,
                                              SteadyPoint deadline) override;
    Async<void> disable(rotation::SecretRef, std::string, SteadyPoint) override {
        co_return fail(Errc::internal, "no owner of this world is told passwords");
    }

    [[nodiscard]] bool serves(rotation::OwnerId const& owner) const override;
    [[nodiscard]] rotation::CredentialShape shape(rotation::OwnerId const& owner) const override;
    Async<rotation::Credentials> list(rotation::OwnerId owner, SteadyPoint deadline) override;
    Async<rotation::Credentials> regenerate(rotation::OwnerId owner, std::string slot, SteadyPoint deadline) override;
    Task<ports::TrialResult> verify(rotation::OwnerId owner, SecretString const& credential, SecretString const& value,
                                    SteadyPoint deadline) override;
    Async<std::string> fetch_vault_host(rotation::ArmId vault, SteadyPoint deadline) override;
    Async<std::vector<rotation::VaultHost>> list_vaults(rotation::ArmId scope, SteadyPoint deadline) override;

    // For services that make the credentials in the network's place (services.h): their calls travel as its own do.

    /// An effect on its way. It lands by itself, whatever becomes of who sent it.
    struct Flight {
        bool is_dropped = false;
        bool has_landed = false;
        std::optional<Error> refusal;
        rotation::SecretProperties published;
        rotation::Credentials credentials;
    };
    /// What lands it; owns all that it needs.
    using Landing = std::move_only_function<void(Flight&)>;

    /// The engine begins something at the owner's provider; what follows is `ask_provider` and `send_to_provider`.
    void begin_at(int owner);
    /// A question travels to the owner's provider; the error that kept it from being answered, if one did
    /// (`outcome_unknown` where it may have been). Where there is none the answer is what is true now, and is there at
    /// `back`, until which the caller travels.
    Task<std::optional<Error>> ask_provider(int owner, SteadyPoint deadline, SteadyPoint& back);
    Task<void> travel_until(SteadyPoint back);
    /// An effect travels there, lands or does not, and its answer comes back or does not.
    Task<std::optional<Error>> send_to_provider(int owner, std::shared_ptr<Flight> flight, Landing landing,
                                                SteadyPoint deadline);
    /// The owner's credentials as a listing shows them now, which may lag; what the process saw is remembered.
    [[nodiscard]] rotation::Credentials credentials(int owner);
    void note_failed_listing(int owner);
    /// What the engine is told of what it began.
    void tell(int owner, Error const& error) { hear(provider_of(owner), error); }
    [[nodiscard]] Author author_of_regeneration(int owner) const { return author_for(-1, owner); }
    [[nodiscard]] int number() const { return context_.number; }
    [[nodiscard]] Site site() const { return {estate_, timeline_, plan_, statistics_, trace_}; }

    /// What the process said that it regenerates the owner's credential for.
    [[nodiscard]] Purpose purpose_at(rotation::OwnerId const& owner) const;
    [[nodiscard]] std::string alternate_of(rotation::OwnerId const& owner, std::string const& slot) const;

private:
    enum class Fate : std::uint8_t { fine, throttled, server_error, lost_before, lost_request, lost_answer, late };
    // Who is called: a vault by its index, after them a provider behind Resource Manager. Nobody who keeps a limit: -1.
    [[nodiscard]] int provider_of(int owner) const;
    [[nodiscard]] Bucket& bucket_of(int endpoint);
    void begin(int owner, int endpoint);
    /// The process hears of it now: where it was told when to come again, it may not come before.
    void hear(int endpoint, Error const& error);
    [[nodiscard]] Fate draw_fate();
    [[nodiscard]] Duration draw_latency();
    [[nodiscard]] Error error_of(Fate fate, Errc unanswered);
    /// A question travels; the error that kept it from being answered, if one did. `back` is when the answer arrives:
    /// what it says may be old by then.
    Task<std::optional<Error>> ask(int endpoint, SteadyPoint deadline, SteadyPoint& back);
    /// An effect travels, lands or does not, and its answer comes back or does not.
    Task<std::optional<Error>> send(int owner, int endpoint, std::shared_ptr<Flight> flight, Landing landing,
                                    SteadyPoint deadline);
    /// The same, the process not being told.
    Task<std::optional<Error>> travel(int endpoint, SteadyPoint deadline, SteadyPoint& back, Errc unanswered);
    Task<std::optional<Error>> travel_with(int owner, int endpoint, std::shared_ptr<Flight> flight, Landing landing,
                                           SteadyPoint deadline);
    /// Between the last look at the lease and the effect.
    Task<void> pause_before_sending();
    void land_at(SteadyPoint when, int endpoint, std::shared_ptr<Flight> flight, Landing landing);
    [[nodiscard]] Author author_for(int secret, int owner) const;

    Estate& estate_;
    Timeline& timeline_;
    ProcessContext& context_;
    Clock& clock_;
    Plan const& plan_;
    Chance& chance_;
    Statistics& statistics_;
    Trace& trace_;
};

}  // namespace kssedr::simulation
