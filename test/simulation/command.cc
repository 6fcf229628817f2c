#include "command.h"

#include "world.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <deque>

namespace kssedr::simulation {
namespace {

constexpr std::string_view usage =
    "simulate [--seeds N] [--from SEED] [--minutes M] [--rotations N] [--keep-going] [--mutation NAME]\n"
    "simulate --replay SEED [--trace] [--mutation NAME]\n";

template <class T>
bool read_number(std::string const& text, T& number) {
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

bool read_mutation(std::string const& name, Mutation& mutation) {
    for (std::size_t i = 0; i < mutation_names.size(); ++i) {
        if (mutation_names[i] != name) continue;
        mutation = static_cast<Mutation>(i);
        return true;
    }
    return false;
}

using Wall = std::chrono::steady_clock;

double seconds_since(Wall::time_point began) {
    return std::chrono::duration<double>(Wall::now() - began).count();
}

void tell(Statistics const& total, double seconds, std::uint64_t failing) {
    fmt::print("{} seeds, {} simulated rotations ({} rotated, {} adopted, {} repaired), {:.0f} virtual years, {:.1f} s: {:.0f} "
               "rotations a minute\n",
               total.worlds, total.rotations(), total.rotated, total.adopted, total.repaired, total.virtual_years, seconds,
               static_cast<double>(total.rotations()) * 60 / std::max(seconds, 0.001));
    if (failing > 0) fmt::print("{} seeds failed\n", failing);
    std::fflush(stdout);
}

void tell_faults(Statistics const& total) {
    fmt::print("{} regenerations, {} publications, {} calls, {} outcomes that published nothing\nfaults injected:", total.regenerations,
               total.publications, total.calls, total.other_outcomes);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < total.faults.size(); ++i) {
        fmt::print("{} {} {}", i == 0 ? "" : ",", fault_names[i], total.faults[i]);
        sum += total.faults[i];
    }
    fmt::print("; {} in all\n", sum);
}

// Runs a seed that failed again, to tell how it came to that.
void explain(std::uint64_t seed, Mutation mutation, Violation const& violation) {
    auto const plan = make_plan(seed);
    constexpr std::size_t lines_kept = 60;
    std::deque<std::string> lines;
    World world(plan, mutation, [&](std::string const& line) {
        lines.push_back(line);
        if (lines.size() > lines_kept) lines.pop_front();
    });
    world.run();
    fmt::print("\nseed {} breaks {}: {}\nworld: {}\nthe last of its trace (all of it: ./dev simulate --replay {} --trace{}{}):\n",
               seed, violation.invariant, violation.what, plan.describe(), seed, mutation == Mutation::none ? "" : " --mutation ",
               mutation == Mutation::none ? "" : mutation_names[static_cast<std::size_t>(mutation)]);
    for (auto const& line : lines) fmt::print("  {}\n", line);
    std::fflush(stdout);
}

int replay(Options const& options) {
    auto const plan = make_plan(options.from);
    fmt::print("seed {}: {}\n", options.from, plan.describe());
    Trace::Sink const print = [](std::string const& line) { fmt::print("{}\n", line); };
    World world(plan, options.mutation, options.wants_trace ? print : nullptr);
    auto const verdict = world.run();
    tell_faults(verdict.statistics);
    if (!verdict.violation) {
        fmt::print("every promise was kept\n");
        return 0;
    }
    fmt::print("breaks {}: {}\n", verdict.violation->invariant, verdict.violation->what);
    return 1;
}

}  // namespace

std::optional<Options> parse_options(std::vector<std::string> const& arguments) {
    Options options;
    bool is_understood = true;
    for (std::size_t i = 0; i < arguments.size() && is_understood; ++i) {
        auto const& name = arguments[i];
        auto const number = [&](auto& value) { is_understood = ++i < arguments.size() && read_number(arguments[i], value); };
        if (name == "--trace") {
            options.wants_trace = true;
        } else if (name == "--keep-going") {
            options.goes_on = true;
        } else if (name == "--seeds") {
            number(options.seeds);
        } else if (name == "--from") {
            number(options.from);
        } else if (name == "--minutes") {
            number(options.minutes);
            options.seeds = ~std::uint64_t{0} >> 1U;
        } else if (name == "--rotations") {
            number(options.rotations);
            options.seeds = ~std::uint64_t{0} >> 1U;
        } else if (name == "--replay") {
            number(options.from);
            options.is_replay = true;
        } else if (name == "--mutation") {
            is_understood = ++i < arguments.size() && read_mutation(arguments[i], options.mutation);
        } else {
            is_understood = false;
        }
    }
    if (is_understood) return options;
    std::fputs(std::string(usage).c_str(), stderr);
    return std::nullopt;
}

int simulate(Options const& options) {
    if (options.is_replay) return replay(options);
    auto const began = Wall::now();
    double told = 0;
    std::uint64_t failing = 0;
    Statistics total;
    for (std::uint64_t i = 0; i < options.seeds; ++i) {
        World world(make_plan(options.from + i), options.mutation);
        auto const verdict = world.run();
        total.add(verdict.statistics);
        double const seconds = seconds_since(began);
        if (verdict.violation) {
            ++failing;
            if (options.goes_on) {
                fmt::print("seed {} breaks {}: {}\n", options.from + i, verdict.violation->invariant, verdict.violation->what);
            } else {
                explain(options.from + i, options.mutation, *verdict.violation);
                break;
            }
        }
        constexpr double tell_every = 10;
        if (seconds - told > tell_every) {
            told = seconds;
            tell(total, seconds, failing);
        }
        if (options.minutes > 0 && seconds > options.minutes * 60) break;
        if (options.rotations > 0 && total.rotations() >= options.rotations) break;
    }
    tell(total, seconds_since(began), failing);
    tell_faults(total);
    return failing == 0 ? 0 : 1;
}

}  // namespace kssedr::simulation
