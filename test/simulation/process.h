/// Process: one run of kssedr, from its start to its death: the real engine, with nothing in memory yet.

#pragma once

#include "checker.h"
#include "delivery.h"
#include "leases.h"
#include "mutation.h"
#include "network.h"
#include "services.h"

#include "engine/intake.h"
#include "engine/rotator.h"
#include "engine/sweeper.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace kssedr::simulation {

/// What all processes of a world have in common.
struct Surroundings {
    Timeline& timeline;
    Estate& estate;
    Checker& checker;
    LeaseService& leases;
    Plan const& plan;
    Statistics& statistics;
    Trace& trace;
    Mutation mutation = Mutation::none;
    Services* services = nullptr;  ///< none: the network makes the credentials
};

/// What a process is handed at once, and how long whoever hands it over waits.
struct Asked {
    std::vector<EventSent> events;
    Duration begin_within{};
    Duration budget{};
};

class Process {
public:
    /// How each of the events ended; none: the process died first.
    using OnEnd = std::function<void(std::span<rotation::Outcome const>)>;

    Process(Surroundings surroundings, int number, Chance chance, Duration skew);
    Process(Process const&) = delete;
    Process& operator=(Process const&) = delete;

    void handle(Asked asked, OnEnd on_end);
    /// Looks through every vault, rotates what is due and repairs what is dead.
    void sweep();
    /// What somebody asks for who says that the secret's credential has leaked: the answer, by its number.
    void answer_leak(int secret, int number, std::function<void()> on_end);

    [[nodiscard]] ProcessContext& context() { return context_; }
    [[nodiscard]] LeaseLock& lock() { return lease_lock_; }
    /// How many of its coroutines have not ended.
    [[nodiscard]] int running() const { return running_; }

private:
    class TraceLog final : public Log {
    public:
        explicit TraceLog(Process& process) : process_(process) {}

    private:
        void put(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) override;
        void note_regeneration(std::initializer_list<LogField> fields);
        void note_outcome(std::initializer_list<LogField> fields);
        Process& process_;
    };

    void spawn(Task<void> task);
    Task<void> handle_all(Asked asked, OnEnd on_end);
    Task<void> sweep_all();
    Task<void> answer_leak_of(int secret, int number, std::function<void()> on_end);
    /// What is known of an attempt at the very moment it ends.
    [[nodiscard]] Ending ending_of(int owner) const;
    void end_attempt(Handled const& handled, rotation::Outcome const& outcome);
    void end_delivery(Asked const& asked, SteadyPoint began, std::vector<engine::HandledEvent> const& handled);
    [[nodiscard]] engine::Ports ports();
    [[nodiscard]] engine::Ports ports_of_sweeper();
    [[nodiscard]] static std::vector<engine::OwnSetting> make_own_settings(Estate const& estate);
    [[nodiscard]] static rotation::Policy make_policy(Surroundings const& surroundings);

    Surroundings around_;
    ProcessContext context_;
    Chance chance_;
    ProcessClock clock_;
    Network network_;
    LeaseLock lease_lock_;
    NoLock no_lock_;
    std::unique_ptr<ports::CredentialProvider> connected_;  ///< where there are services
    MutatedPorts mutated_;
    TraceLog log_;
    engine::Rotator rotator_;
    engine::Intake intake_;
    engine::Sweeper sweeper_;
    std::map<std::string, Ending> endings_;  // by event id, of deliveries under way
    int running_ = 0;
};

}  // namespace kssedr::simulation
