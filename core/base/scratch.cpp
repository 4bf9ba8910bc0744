#include "core/base/scratch.h"

#include <cstdlib>
#include <random>
#include <system_error>

#include "core/base/scratch_owner.h"
#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

Error no_folder(const std::error_code& code) {
    const char* named = std::getenv("TMPDIR");
    return usage_error("no folder for temporary files (" +
                       (named ? "TMPDIR is " + in_quotes(named) + ": " : std::string()) +
                       code.message() + "); set TMPDIR to a folder that can be written to");
}

}  // namespace

Result<Scratch> Scratch::make(const std::string& purpose) {
    std::error_code code;
    // An empty TMPDIR means none, as for other programs.
    const char* named = std::getenv("TMPDIR");
    const std::filesystem::path parent =
        named && *named == '\0' ? "/tmp" : std::filesystem::temp_directory_path(code);
    if (!code) sweep_scratch(parent.string());
    std::random_device seed;
    while (!code) {
        auto path = parent /
                    ("hopscope-" + purpose + "-" + std::to_string(seed()) + std::to_string(seed()));
        if (!std::filesystem::create_directory(path, code)) continue;
        auto owner = own_scratch(path.string());
        // Where the file system knows no locks it stays without an owner, and nobody sweeps.
        if (owner || std::filesystem::exists(path, code))
            return Scratch(std::move(path), std::move(owner));
    }
    return no_folder(code);
}

Scratch::~Scratch() {
    std::error_code ignored;  // what is left is swept by the next one
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace hopscope::core
