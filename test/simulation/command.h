/// The command line of the simulator.

#pragma once

#include "services.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::simulation {

struct Options {
    std::uint64_t from = 1;
    std::uint64_t seeds = 1000;   ///< how many, those that are kept not counted
    double minutes = 0;           ///< stop then; 0: as long as it takes
    std::uint64_t rotations = 0;  ///< stop once so many were simulated; 0: by seeds alone
    unsigned jobs = 1;            ///< processes side by side
    bool runs_kept = false;       ///< those of seeds.h first
    bool goes_on = false;         ///< tells failing seeds and goes on, instead of stopping at the first
    bool is_replay = false;
    bool wants_trace = false;
    Mutation mutation = Mutation::none;
    MakeServices services{};  ///< not an option: which of the programs this is
};

/// Nothing, and the usage on standard error, where they are not understood.
[[nodiscard]] std::optional<Options> parse_options(std::vector<std::string> const& arguments);

/// The seed to begin with for a commit's hash: other seeds for other commits, the same for the same.
[[nodiscard]] std::uint64_t seed_of_commit(std::string_view hash);

/// Runs; the exit code: 0 where every promise was kept, 1 where one was broken.
int simulate(Options const& options);

}  // namespace kssedr::simulation
