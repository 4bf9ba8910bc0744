// What a run lacks of its tokenizer and token files is made beside it first, and becomes part of it
// only when all about the run has been checked: a resumption that is refused, and a look, change
// nothing in its folder. A new run has nothing to be spared and makes its files in place. Owned by
// a RunTrainer; trainer thread.
#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/base/scratch.h"
#include "core/run/run_folder.h"

namespace hopscope::core {

class DataStage {
  public:
    enum class Where {
        in_place,  ///< of a new run
        beside,    ///< in a folder of its own inside the run's, by who holds its lock
        apart      ///< in the temporary directory, by who only looks
    };
    DataStage(const std::string& run, Where where) : run_(run), where_(where) {}
    DataStage(const DataStage&) = delete;
    DataStage& operator=(const DataStage&) = delete;
    /// Removes what was not put in place.
    ~DataStage();

    /// Whether the run has the file `name` ("data/train.tokens"), or it was made here.
    bool has(const std::string& name) const;
    /// Where it is; where it is to be made, if it is nowhere.
    std::string path(const std::string& name) const;
    /// What missing files are made in, with its folder data/; made at the first call.
    Result<std::string> root();
    /// Moves what was made into the run. Errors (failed): disk.
    Status put_in_place();

  private:
    std::string run_;
    Where where_;
    std::string root_;  ///< "" before it is needed
    std::optional<Scratch> scratch_;
};

}  // namespace hopscope::core
