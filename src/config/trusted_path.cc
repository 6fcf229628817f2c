#include "config/trusted_path.h"

#include "base/ascii.h"

#include <deque>
#include <filesystem>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace kssedr::config {
namespace {

constexpr int links_max = 40;

bool is_read_only(std::string const& path) {
    struct statvfs system{};
    return ::statvfs(path.c_str(), &system) == 0 && (system.f_flag & ST_RDONLY) != 0;
}

std::optional<std::string> judge(std::string const& path, struct stat const& seen) {
    if (is_read_only(path)) return std::nullopt;
    auto const shown = escape_for_display(path, 300);
    if (seen.st_uid != 0 && seen.st_uid != ::geteuid())
        return shown + " belongs to another user (" + std::to_string(seen.st_uid) + "), who may change it";
    // The bits of a link say nothing.
    bool const others_may_write = !S_ISLNK(seen.st_mode) && (seen.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    bool const is_sticky = S_ISDIR(seen.st_mode) && (seen.st_mode & S_ISVTX) != 0;
    if (!others_may_write || is_sticky) return std::nullopt;
    return "others may write " + shown + "; run: chmod go-w " + shown;
}

using Steps = std::deque<std::filesystem::path>;

void put_in_front(Steps& steps, std::filesystem::path const& path) {
    steps.insert(steps.begin(), path.begin(), path.end());
}

}  // namespace

std::optional<std::string> find_distrust(std::string const& path) {
    std::error_code error;
    auto const whole = std::filesystem::absolute(path, error);
    Steps left;
    put_in_front(left, whole);
    std::filesystem::path reached;
    int links = 0;
    // A step at a time, as the kernel goes: each link's own folder counts, and the way to its target.
    while (!left.empty()) {
        auto const step = std::move(left.front());
        left.pop_front();
        if (step.empty() || step == ".") continue;
        if (step == "..") {
            reached = reached.parent_path();
            continue;
        }
        auto const next = reached / step;
        struct stat seen{};
        if (::lstat(next.c_str(), &seen) != 0) return "there is no " + escape_for_display(next.string(), 300);
        if (auto why = judge(next.string(), seen)) return why;
        if (!S_ISLNK(seen.st_mode)) {
            reached = next;
            continue;
        }
        auto const target = std::filesystem::read_symlink(next, error);
        if (error || ++links > links_max) return escape_for_display(next.string(), 300) + " leads nowhere";
        if (target.is_absolute()) reached.clear();
        put_in_front(left, target);
    }
    return std::nullopt;
}

}  // namespace kssedr::config
