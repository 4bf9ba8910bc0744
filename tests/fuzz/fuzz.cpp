#include "tests/fuzz/fuzz.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <gtest/gtest.h>
#include <map>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/utf8.h"
#if HOPSCOPE_SANITIZED
#include <sanitizer/common_interface_defs.h>
#endif

namespace hopscope::core::fuzz {
namespace {

constexpr size_t kLongestMessage = 400;
constexpr unsigned kHangSeconds = 60;  ///< the sanitizers and a busy machine included
constexpr double kSlowSeconds = 10;
constexpr long kMostGrowth = 128 << 10;  ///< KiB a case

uint64_t from_environment(const char* name, uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

// What is being tried, for the handler of a crash.
char now[200] = "";

void tell_case() {
    const auto ignored = ::write(STDERR_FILENO, now, std::char_traits<char>::length(now));
    static_cast<void>(ignored);
}

extern "C" void on_crash(int number) {
    tell_case();
    std::signal(number, SIG_DFL);
    std::raise(number);
}

/// A crash, or an endless loop, names the case that it is in.
void watch_crashes() {
    std::signal(SIGALRM, on_crash);
#if HOPSCOPE_SANITIZED
    __sanitizer_set_death_callback(tell_case);
#else
    for (const int number : {SIGSEGV, SIGABRT, SIGFPE, SIGBUS, SIGILL})
        std::signal(number, on_crash);
#endif
}

long most_memory() {
    rusage usage = {};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

std::string escaped(const std::string& bytes, size_t most) {
    std::string out;
    for (const char c : bytes.substr(0, most)) {
        char text[8];
        if (c >= ' ' && c < 0x7f) {
            out += c;
        } else {
            std::snprintf(text, sizeof text, "\\x%02x", static_cast<unsigned char>(c));
            out += text;
        }
    }
    return out + (bytes.size() > most ? "…" : "");
}

/// Faults that differ in their numbers, or in what was quoted, are one.
std::string kind_of(std::string fault) {
    fault.resize(std::min(fault.find(": "), fault.size()));
    std::erase_if(fault, [](char c) { return c >= '0' && c <= '9'; });
    return fault;
}

#if HOPSCOPE_SANITIZED
constexpr uint64_t kCases = 300;
#else
constexpr uint64_t kCases = 1000;
#endif

}  // namespace

std::string fault_of(const Error& error, const std::string& name) {
    const std::string& text = error.message;
    const std::string shown = ": " + escaped(text, kLongestMessage);
    if (error.kind == ErrorKind::interrupted) return "interrupted by nobody" + shown;
    if (text.empty()) return "a refusal without a word";
    if (text.size() >= kLongestMessage)
        return "a message of " + std::to_string(text.size()) + " bytes" + shown;
    if (find_bad_utf8(text)) return "a message that is no UTF-8" + shown;
    for (const char c : text)
        if ((c >= 0 && c < ' ' && c != '\n') || c == 0x7f)
            return "control bytes in a message" + shown;
    if (text.find(name) == std::string::npos) return "does not name " + name + shown;
    return "";
}

void fuzz(const std::string& reader, const std::vector<std::string>& seeds,
          const std::function<std::string(const std::string&, Mutator&)>& read) {
    const uint64_t seed = from_environment("HOPSCOPE_FUZZ_SEED", 1);
    const uint64_t cases = from_environment("HOPSCOPE_FUZZ_CASES", kCases);
    const char* keep = std::getenv("HOPSCOPE_FUZZ_KEEP");
    ContentHash hash;
    hash.update(reader);
    const uint64_t own = mix64(seed, std::stoull(hash.hex().substr(0, 15), nullptr, 16));
    watch_crashes();
    std::map<std::string, uint64_t> kinds;
    const auto start = std::chrono::steady_clock::now();
    const auto since = [](auto begin) {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    for (uint64_t i = 0; i < cases; ++i) {
        std::snprintf(now, sizeof now, "\nfuzz: %s, HOPSCOPE_FUZZ_SEED=%llu, case %llu\n",
                      reader.c_str(), static_cast<unsigned long long>(seed),
                      static_cast<unsigned long long>(i));
        alarm(kHangSeconds);
        Mutator mutator(mix64(own, i));
        // The first case is what a valid input gives.
        const std::string bytes = i == 0 ? seeds.front() : mutator.mutate(seeds);
        [[maybe_unused]] const long before = most_memory();
        const auto begin = std::chrono::steady_clock::now();
        std::string fault;
        try {
            fault = read(bytes, mutator);
        } catch (const std::exception& error) {
            fault = std::string("an exception came out: ") + escaped(error.what(), 200);
        }
        if (const double took = since(begin); fault.empty() && took > kSlowSeconds)
            fault = "took " + std::to_string(took) + " s";
#if !HOPSCOPE_SANITIZED
        if (fault.empty() && i > 0 && most_memory() - before > kMostGrowth)
            fault = "took " + std::to_string((most_memory() - before) >> 10) + " MiB more";
#endif
        if (fault.empty() || kinds[kind_of(fault)]++ > 0) continue;
        if (keep) {
            std::string name = reader + "-" + std::to_string(i);
            std::replace(name.begin(), name.end(), '/', '_');
            test::put_bytes(std::string(keep) + "/" + name, bytes);
        }
        ADD_FAILURE() << reader << ": " << fault << "\nHOPSCOPE_FUZZ_SEED=" << seed << ", case "
                      << i << ", " << bytes.size() << " bytes: " << escaped(bytes, 600);
    }
    alarm(0);
    std::printf("%s: %llu cases in %.1f s\n", reader.c_str(),
                static_cast<unsigned long long>(cases), since(start));
    for (const auto& [kind, times] : kinds)
        std::printf("    %llu times: %s\n", static_cast<unsigned long long>(times), kind.c_str());
}

void fuzz_file(const std::string& reader, const std::vector<std::string>& seeds,
               const std::string& file,
               const std::function<std::string(const std::string&)>& read) {
    const test::TempFolder folder;
    const std::string path = folder / file;
    fuzz(reader, seeds, [&](const std::string& bytes, Mutator&) {
        test::put_bytes(path, bytes);
        return read(path);
    });
}

std::string saved_format(const std::string& name) {
    return test::bytes_of(std::string(HOPSCOPE_FORMATS) + "/0.1/" + name);
}

}  // namespace hopscope::core::fuzz
