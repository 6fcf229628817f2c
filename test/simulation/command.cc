#include "command.h"

#include "fleet.h"
#include "seeds.h"
#include "world.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <deque>

namespace kssedr::simulation {
namespace {

constexpr std::string_view usage =
    R"(simulate [options]           runs worlds by their seeds until one breaks a promise
  --seeds N                  how many (1000)
  --from SEED                the first (1)
  --commit HASH              the first, derived from a commit's hash
  --kept                     the kept seeds before them
  --minutes M, --rotations N stop then, however many seeds that takes
  --jobs J                   processes side by side (1)
  --keep-going               tells what fails and goes on
  --mutation NAME            with a fault put into the engine; NAME is one of
                             {}
simulate --replay SEED [--trace] [--mutation NAME]
                             one world again; with everything that happens in it
)";

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

double per_minute(std::uint64_t count, double seconds) {
    return static_cast<double>(count) * 60 / std::max(seconds, 0.001);
}

std::string summary_of(FleetReport const& report, double seconds) {
    auto const& total = report.total;
    std::string text = fmt::format(
        "{} seeds, {} rotations, {} faults, {:.0f} virtual years in {:.0f} s; a minute: {:.0f} "
        "rotations, {:.0f} faults",
        total.worlds, total.rotations(), total.all_faults(), total.virtual_years, seconds,
        per_minute(total.rotations(), seconds), per_minute(total.all_faults(), seconds));
    if (!report.failing.empty()) text += fmt::format("; {} seeds FAILED", report.failing.size());
    return text;
}

// How far it is: on a terminal one line that is written anew, elsewhere a line now and then.
class Progress {
public:
    void tell(FleetReport const& report, double seconds) {
        if (seconds < next_) return;
        next_ = seconds + (is_terminal_ ? 0.5 : 30);
        fmt::print(stderr, "{}{}{}", is_terminal_ ? "\r" : "", summary_of(report, seconds),
                   is_terminal_ ? "\x1b[K" : "\n");
        std::fflush(stderr);
        is_open_ = is_terminal_;
    }
    /// Before anything else is printed.
    void close() {
        if (is_open_) std::fputs("\r\x1b[K", stderr);
        is_open_ = false;
    }

private:
    bool is_terminal_ = isatty(STDERR_FILENO) != 0;
    bool is_open_ = false;
    double next_ = is_terminal_ ? 0.5 : 30;
};

void tell_details(Statistics const& total) {
    fmt::print(
        "{} rotated ({} revoked, {} leaks answered), {} adopted, {} repaired, {} other outcomes ({} held by windows); "
        "{} "
        "regenerations, {} publications, {} calls\nfaults:",
        total.rotated, total.revoked, total.compromised, total.adopted, total.repaired, total.other_outcomes,
        total.held_by_windows, total.regenerations, total.publications, total.calls);
    for (std::size_t i = 0; i < total.faults.size(); ++i)
        fmt::print("{} {} {}", i == 0 ? "" : ",", fault_names[i], total.faults[i]);
    fmt::print("\n");
}

// What the machine's other work does not change.
void tell_cpu(Statistics const& total) {
    double seconds = 0;
    for (auto const who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage used{};
        getrusage(who, &used);
        seconds += static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                   static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    }
    fmt::print("{:.0f} s of CPU; a minute of it: {:.0f} rotations, {:.0f} faults\n", seconds,
               per_minute(total.rotations(), seconds), per_minute(total.all_faults(), seconds));
}

std::string mutation_option(Mutation mutation) {
    if (mutation == Mutation::none) return {};
    return fmt::format(" --mutation {}", mutation_names[static_cast<std::size_t>(mutation)]);
}

// Runs a seed that failed again, to tell how it came to that.
void explain(std::uint64_t seed, Options const& options) {
    auto const mutation = options.mutation;
    auto const plan = make_plan(seed);
    constexpr std::size_t lines_kept = 60;
    std::deque<std::string> lines;
    World world(
        plan, mutation,
        [&](std::string const& line) {
            lines.push_back(line);
            if (lines.size() > lines_kept) lines.pop_front();
        },
        options.services);
    auto const verdict = world.run();
    if (!verdict.violation) {
        fmt::print("\nseed {} failed, and does not when it is run again: the simulator is not deterministic\n", seed);
        return;
    }
    fmt::print(
        "\nseed {} breaks {}: {}\nworld: {}\nthe last of its trace (all of it: ./dev simulate --replay {} "
        "--trace{}):\n",
        seed, verdict.violation->invariant, verdict.violation->what, plan.describe(), seed, mutation_option(mutation));
    for (auto const& line : lines) fmt::print("  {}\n", line);
}

int replay(Options const& options) {
    auto const plan = make_plan(options.from);
    fmt::print("seed {}: {}\n", options.from, plan.describe());
    Trace::Sink const print = [](std::string const& line) { fmt::print("{}\n", line); };
    World world(plan, options.mutation, options.wants_trace ? print : nullptr, options.services);
    auto const verdict = world.run();
    tell_details(verdict.statistics);
    if (!verdict.violation) {
        fmt::print("every promise was kept\n");
        return 0;
    }
    fmt::print("breaks {}: {}\n", verdict.violation->invariant, verdict.violation->what);
    return 1;
}

void print_usage() {
    std::string names;
    for (std::size_t i = 1; i < static_cast<std::size_t>(first_of_provider); ++i)
        names += fmt::format("{}{}",
                             i == 1       ? ""
                             : i % 3 == 1 ? "\n                             "
                                          : " ",
                             mutation_names[i]);
    fmt::print(stderr, fmt::runtime(usage), names);
}

bool parse_option(std::string const& name, std::string const* value, Options& options) {
    bool const is_known = value != nullptr;
    if (!is_known) return false;
    if (name == "--seeds") return read_number(*value, options.seeds);
    if (name == "--from") return read_number(*value, options.from);
    if (name == "--minutes") return read_number(*value, options.minutes) && options.minutes > 0;
    if (name == "--rotations") return read_number(*value, options.rotations) && options.rotations > 0;
    if (name == "--jobs") return read_number(*value, options.jobs) && options.jobs > 0;
    if (name == "--mutation") return read_mutation(*value, options.mutation);
    if (name == "--commit") {
        options.from = seed_of_commit(*value);
        return true;
    }
    options.is_replay = name == "--replay";
    return options.is_replay && read_number(*value, options.from);
}

}  // namespace

std::uint64_t seed_of_commit(std::string_view hash) {
    // Twelve digits: short enough to be typed.
    constexpr std::size_t digits = 10;
    std::uint64_t number = 0;
    auto const head = hash.substr(0, digits);
    std::from_chars(head.data(), head.data() + head.size(), number, 16);
    return number + 1'000'000;
}

std::optional<Options> parse_options(std::vector<std::string> const& arguments) {
    Options options;
    bool is_understood = true;
    bool names_seeds = false;
    for (std::size_t i = 0; i < arguments.size() && is_understood; ++i) {
        auto const& name = arguments[i];
        if (name == "--trace") {
            options.wants_trace = true;
        } else if (name == "--keep-going") {
            options.goes_on = true;
        } else if (name == "--kept") {
            options.runs_kept = true;
        } else {
            names_seeds = names_seeds || name == "--seeds";
            is_understood = parse_option(name, i + 1 < arguments.size() ? &arguments[i + 1] : nullptr, options);
            ++i;
        }
    }
    bool const ends_otherwise = options.minutes > 0 || options.rotations > 0;
    constexpr auto without_end = std::uint64_t{1} << 62U;
    if (ends_otherwise && !names_seeds) options.seeds = without_end;
    if (is_understood) return options;
    print_usage();
    return std::nullopt;
}

int simulate(Options const& options) {
    if (options.is_replay) return replay(options);
    Tour tour{{}, options.from, options.seeds, options.mutation, options.services};
    if (options.runs_kept) tour.first.assign(kept_seeds.begin(), kept_seeds.end());
    fmt::print("{}{} from {} on{}\n", options.runs_kept ? fmt::format("{} kept seeds, then ", kept_seeds.size()) : "",
               options.seeds < (std::uint64_t{1} << 40U) ? fmt::format("{}", options.seeds) : "those", options.from,
               mutation_option(options.mutation));
    std::fflush(stdout);
    auto const began = Wall::now();
    Progress progress;
    std::size_t told = 0;
    auto const report = run_fleet(tour, options.jobs, [&](FleetReport const& so_far) {
        auto const seconds = seconds_since(began);
        progress.tell(so_far, seconds);
        if (so_far.failing.size() > told) {
            if (!options.goes_on) return false;
            progress.close();
            told = so_far.failing.size();
            for (auto const seed : so_far.failing) fmt::print("{} ", seed);
            fmt::print("failed\n");
            std::fflush(stdout);
        }
        bool const is_late = options.minutes > 0 && seconds > options.minutes * 60;
        return !is_late && (options.rotations == 0 || so_far.total.rotations() < options.rotations);
    });
    progress.close();
    if (!report.failing.empty()) explain(report.failing.front(), options);
    if (report.has_crashed) fmt::print("\na process of the fleet crashed; --jobs 1 shows where\n");
    fmt::print("{}\n", summary_of(report, seconds_since(began)));
    tell_cpu(report.total);
    tell_details(report.total);
    return report.failing.empty() && !report.has_crashed ? 0 : 1;
}

}  // namespace kssedr::simulation
