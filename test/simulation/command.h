/// The command line of the simulator.

#pragma once

#include "mutation.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::simulation {

struct Options {
    std::uint64_t from = 1;
    std::uint64_t seeds = 2000;
    double minutes = 0;  ///< 0: as long as it takes
    std::uint64_t rotations = 0;  ///< stop once so many were simulated; 0: by seeds alone
    bool is_replay = false;
    bool wants_trace = false;
    bool goes_on = false;  ///< counts failing seeds instead of stopping at the first
    Mutation mutation = Mutation::none;
};

/// Nothing, and the usage on standard error, where they are not understood.
[[nodiscard]] std::optional<Options> parse_options(std::vector<std::string> const& arguments);

/// Runs; the exit code: 0 where every promise was kept, 1 where one was broken.
int simulate(Options const& options);

}  // namespace kssedr::simulation
