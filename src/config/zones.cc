#include "config/zones.h"

#include "base/ascii.h"

#include <algorithm>
#include <filesystem>

namespace kssedr::config {
namespace {

namespace fs = std::filesystem;

// Names of files under one of these directories are none of zones, or are of zones that nobody means.
bool is_no_zone(std::string const& name) {
    return name.starts_with("posix/") || name.starts_with("right/") || name.find('.') != std::string::npos ||
           name == "posixrules" || name == "localtime" || name == "leapseconds" || name == "leap-seconds.list";
}

bool may_be_a_name(std::string_view name) {
    bool const is_plain = std::ranges::all_of(name, [](char c) {
        return is_ascii_letter(c) || is_ascii_digit(c) || c == '/' || c == '_' || c == '-' || c == '+';
    });
    return is_plain && !name.empty() && !name.starts_with('/') && !is_no_zone(std::string(name));
}

}  // namespace

Zones::Zones(std::string_view directory) {
    std::vector<fs::path> candidates;
    if (!directory.empty()) {
        candidates.emplace_back(directory);
    } else {
        // The package for Azure Functions runs in its own folder, and brings what its image may lack.
        candidates = {"/usr/share/zoneinfo", "zoneinfo"};
    }
    for (auto const& candidate : candidates) {
        std::error_code error;
        looked_in_ += (looked_in_.empty() ? "" : ", ") + candidate.string();
        if (fs::is_directory(candidate, error)) directories_.push_back(candidate.string());
    }
}

Result<cctz::time_zone> Zones::find(std::string_view name) const {
    if (name == "UTC") return cctz::utc_time_zone();
    if (may_be_a_name(name)) {
        for (auto const& directory : directories_) {
            auto const file = fs::absolute(directory) / name;
            std::error_code error;
            cctz::time_zone zone;
            if (fs::is_regular_file(file, error) && cctz::load_time_zone(file.string(), &zone)) return zone;
        }
    }
    auto const near = nearest(name);
    if (near.empty())
        return fail(Errc::invalid_argument, "the zone \"" + escape_for_display(name) +
                                                "\" can not be looked up: there is no zone data in " + looked_in_ +
                                                "; install tzdata, or name its directory in TZDIR, or write UTC");
    return fail(Errc::invalid_argument,
                "there is no zone \"" + escape_for_display(name) + "\"; did you mean " + near + "?");
}

std::string Zones::nearest(std::string_view name) const {
    std::string best;
    std::size_t least = 0;
    for (auto const& directory : directories_) {
        std::error_code error;
        for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
            auto const found = at->path().lexically_relative(directory).string();
            std::error_code unreadable;
            if (!at->is_regular_file(unreadable) || is_no_zone(found)) continue;
            auto const distance = edit_distance(to_ascii_lower(name), to_ascii_lower(found));
            // The order of a directory is none: of equals the first by name.
            if (!best.empty() && std::pair(distance, found) >= std::pair(least, best)) continue;
            best = found;
            least = distance;
        }
    }
    return best;
}

}  // namespace kssedr::config
