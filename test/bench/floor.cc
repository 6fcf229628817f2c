// The floor of the whole-process bench: the calls of a rotation by libcurl alone, over warm connections, nothing
// parsed, decided or protected. Reads lines `METHOD URL BEARER BODY-OR-DASH` from standard input, makes each call in
// order, and prints how many were made and what processor time they took.
//
// usage: kssedr-bench-floor CA_FILE RESOLVE     entries as curl's `--resolve` takes them, with commas between

#include <curl/curl.h>

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct Call {
    std::string method;
    std::string url;
    std::string bearer;
    std::string body;
};

std::vector<Call> read_calls() {
    std::vector<Call> calls;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        Call call;
        words >> call.method >> call.url >> call.bearer >> std::ws;
        std::getline(words, call.body);
        if (call.body == "-") call.body.clear();
        calls.push_back(std::move(call));
    }
    return calls;
}

std::size_t append(char const* bytes, std::size_t size, std::size_t count, void* into) {
    static_cast<std::string*>(into)->append(bytes, size * count);
    return size * count;
}

// The connection cache is the handle's, so one handle is what keeps connections warm.
long make(CURL* handle, Call const& call, std::string& answer) {
    curl_slist* headers = nullptr;
    headers = curl_slist_append(headers, ("Authorization: Bearer " + call.bearer).c_str());
    headers = curl_slist_append(headers, "Content-Type: application/json");
    answer.clear();
    curl_easy_setopt(handle, CURLOPT_URL, call.url.c_str());
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, call.method.c_str());
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    if (call.method == "GET") {
        curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L);
    } else {
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(call.body.size()));
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, call.body.c_str());
    }
    auto const done = curl_easy_perform(handle);
    curl_slist_free_all(headers);
    if (done != CURLE_OK) {
        std::fprintf(stderr, "floor: %s: %s\n", call.url.c_str(), curl_easy_strerror(done));
        std::exit(1);
    }
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

double processor_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    auto const seconds = [](timeval const& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    auto const calls = read_calls();
    if (calls.empty()) return 2;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL* const handle = curl_easy_init();
    curl_slist* resolve = nullptr;
    std::istringstream entries(argv[2]);
    for (std::string entry; std::getline(entries, entry, ',');) resolve = curl_slist_append(resolve, entry.c_str());
    curl_easy_setopt(handle, CURLOPT_RESOLVE, resolve);
    std::string answer;
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(handle, CURLOPT_CAINFO, argv[1]);
    // The first of each kind opens the connection; what is measured is warm.
    std::size_t const warm_up = std::min<std::size_t>(calls.size(), 5);
    for (std::size_t i = 0; i < warm_up; ++i) (void)make(handle, calls[i], answer);
    auto const began = processor_seconds();
    std::size_t failed = 0;
    for (std::size_t i = warm_up; i < calls.size(); ++i)
        if (make(handle, calls[i], answer) != 200) ++failed;
    auto const took = processor_seconds() - began;
    std::printf("{\"calls\":%zu,\"failed\":%zu,\"seconds\":%.6f}\n", calls.size() - warm_up, failed, took);
    return 0;
}
