// Configurations that a person names, for the command line and the window.
#include "core/api/lab.h"
#include "core/config/check.h"
#include "core/config/parse.h"

namespace hopscope::core::lab {

Result<Config> read_config(const std::string& path, const std::vector<std::string>& overrides) {
    return load_config(path, overrides);
}

Result<Config> read_training_config(const std::string& path,
                                    const std::vector<std::string>& overrides, bool allow_debug) {
    auto config = load_config(path, overrides);
    if (config)
        if (auto s = check_debug(*config, allow_debug, path); !s) return s.error();
    return config;
}

}  // namespace hopscope::core::lab
