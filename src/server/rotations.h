/// Rotations: those that somebody asked for over the API.
///
/// A rotation goes on whether or not the one who asked still waits. He is told the outcome if it comes soon, else where
/// it will be. Outcomes are kept for a while in memory; the history has them for good.

#pragma once

#include "async/clock.h"
#include "async/latch.h"
#include "async/task_group.h"
#include "base/log.h"
#include "rotation/outcome.h"
#include "rotation/secret_ref.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

namespace kssedr::server {

struct RotateRequest {
    rotation::SecretRef secret;
    bool force = false;  ///< passes age, windows and freeze, never policy, siblings or overlap
    bool dry_run = false;
    SteadyPoint deadline = SteadyPoint::max();
};

/// What rotates: the program's engine, as configuration has it now.
class RotateNow {
public:
    virtual ~RotateNow() = default;
    /// Ends in one outcome, with the trigger `api`; but for a dry run it is kept as every other. Throws nothing but
    /// cancellation.
    virtual Task<rotation::Outcome> rotate(RotateRequest request) = 0;
};

class Rotations {
public:
    struct Entry {
        std::string url;  ///< of the secret
        TimePoint asked_at{};
        std::optional<rotation::Outcome> outcome;  ///< nothing: it is under way
        Latch ended{};
    };

    Rotations(asio::any_io_executor executor, RotateNow& rotate_now, Clock& clock, Log& log);

    /// Its number; nothing where too many are under way.
    std::optional<std::uint64_t> begin(RotateRequest request);
    /// Null where there is none, or it was forgotten. Valid as long as it is held.
    [[nodiscard]] std::shared_ptr<Entry> find(std::uint64_t number) const;
    /// Cancels what is under way, and waits for it.
    Task<void> close();

private:
    Task<void> run(std::shared_ptr<Entry> entry, RotateRequest request);

    RotateNow& rotate_now_;
    Clock& clock_;
    std::map<std::uint64_t, std::shared_ptr<Entry>> entries_;
    std::uint64_t last_ = 0;
    TaskGroup tasks_;
};

}  // namespace kssedr::server
