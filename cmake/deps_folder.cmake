# Finds the folder that scripts/setup filled, and takes over the choices made there (LibTorch of the user's own, CUDA).
set(HOPSCOPE_DEPS "$ENV{HOPSCOPE_DEPS}" CACHE PATH "Folder that scripts/setup filled")
if(NOT HOPSCOPE_DEPS)
    if(EXISTS "${PROJECT_SOURCE_DIR}/.deps/stamps")
        set(HOPSCOPE_DEPS "${PROJECT_SOURCE_DIR}/.deps")
    else()
        set(HOPSCOPE_DEPS "$ENV{HOME}/.cache/hopscope/deps")
    endif()
endif()
# Sets HOPSCOPE_SETUP_TORCH_DIR, HOPSCOPE_SETUP_CUDA and HOPSCOPE_SETUP_NVCC.
set(HOPSCOPE_SETUP_CUDA OFF)
include("${HOPSCOPE_DEPS}/choices.cmake" OPTIONAL)
