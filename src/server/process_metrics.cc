#include "server/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace kssedr::server {
namespace {

// Resident and virtual memory in bytes (proc(5), /proc/[pid]/statm).
void write_memory(Exposition& out) {
    std::ifstream file("/proc/self/statm");
    double virtual_pages = 0;
    double resident_pages = 0;
    if (!(file >> virtual_pages >> resident_pages)) return;
    auto const page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    out.single("process_virtual_memory_bytes", MetricKind::gauge, "Virtual memory.", virtual_pages * page);
    out.single("process_resident_memory_bytes", MetricKind::gauge, "Resident memory.", resident_pages * page);
}

void write_processor_time(Exposition& out) {
    rusage used{};
    if (::getrusage(RUSAGE_SELF, &used) != 0) return;
    auto const seconds = [](timeval const& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    out.single("process_cpu_seconds_total", MetricKind::counter, "Processor time, of user and system.",
               seconds(used.ru_utime) + seconds(used.ru_stime));
}

void write_descriptors(Exposition& out) {
    std::error_code error;
    std::filesystem::directory_iterator entry("/proc/self/fd", error);
    double count = 0;
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
    // One of them is the listing's own.
    if (!error && count > 0) out.single("process_open_fds", MetricKind::gauge, "Descriptors that are open.", count - 1);
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
        out.single("process_max_fds", MetricKind::gauge, "Descriptors that may be open.",
                   static_cast<double>(limit.rlim_cur));
}

}  // namespace

void write_process(Exposition& out, double started) {
    out.single("process_start_time_seconds", MetricKind::gauge, "When the process started, since 1970.", started);
    write_processor_time(out);
    write_memory(out);
    write_descriptors(out);
}

}  // namespace kssedr::server
