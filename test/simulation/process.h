/// Process: one run of kssedr, from its start to its death: the real engine, with nothing in memory yet.

#pragma once

#include "checker.h"
#include "leases.h"
#include "mutation.h"
#include "network.h"

#include "engine/rotator.h"
#include "engine/sweeper.h"

#include <functional>
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
};

/// Something a process is asked to handle.
struct Asked {
    int secret = 0;
    rotation::Trigger trigger = rotation::Trigger::event;
    std::string version;
    Duration budget{};
};

class Process {
public:
    /// How a request ended; nothing: the process died first.
    using OnEnd = std::function<void(std::optional<rotation::Outcome> const&)>;

    Process(Surroundings surroundings, int number, Chance chance, Duration skew);
    Process(Process const&) = delete;
    Process& operator=(Process const&) = delete;

    void handle(Asked asked, OnEnd on_end);
    /// Looks through every vault, rotates what is due and repairs what is dead.
    void sweep();

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
        Process& process_;
    };

    void spawn(Task<void> task);
    Task<void> handle_one(Asked asked, OnEnd on_end);
    Task<void> sweep_all();
    void end_attempt(Handled handled, rotation::Outcome const& outcome);
    [[nodiscard]] engine::Ports ports();
    [[nodiscard]] static rotation::Policy make_policy(Surroundings const& surroundings);

    Surroundings around_;
    ProcessContext context_;
    Chance chance_;
    ProcessClock clock_;
    Network network_;
    LeaseLock lease_lock_;
    NoLock no_lock_;
    MutatedPorts mutated_;
    TraceLog log_;
    engine::Rotator rotator_;
    engine::Sweeper sweeper_;
    int running_ = 0;
};

}  // namespace kssedr::simulation
