# Compiler settings that hold for our own code only; third-party targets set their own.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# -g costs half the disk and a third of the time of a LibTorch file; line tables are enough for traces.
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

find_program(HOPSCOPE_CCACHE ccache)
if(HOPSCOPE_CCACHE)
    # The base folder makes one cache serve every clone of the project.
    set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
        CCACHE_SLOPPINESS=time_macros,include_file_mtime,include_file_ctime ${HOPSCOPE_CCACHE})
    set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()
find_program(HOPSCOPE_MOLD mold)
if(HOPSCOPE_MOLD)
    # mold 1.10 begins the part that is to become read-only at an empty .tbss, which may lie in a page
    # that is not mapped: by the luck of sizes a program then does not start ("cannot apply additional
    # memory protection after relocation"). Where segments share pages it may also turn without an end, since
    # their number, and with it the length of their list, depends on where they begin: of one test program 2 in
    # 42 lengths of the run path did, none of 175 with segments that begin on pages of their own.
    add_link_options(-fuse-ld=mold -Wl,-z,norelro -Wl,-z,separate-loadable-segments)
endif()

if(HOPSCOPE_SANITIZE)
    # The checks that sanitizers add make g++ 12 warn of values in LibTorch that it no longer sees set; release builds keep the warning.
    add_compile_options(-fsanitize=${HOPSCOPE_SANITIZE} -fno-omit-frame-pointer -Wno-maybe-uninitialized)
    if(HOPSCOPE_SANITIZE MATCHES "undefined")
        add_compile_options(-fno-sanitize-recover=undefined)
    endif()
    add_link_options(-fsanitize=${HOPSCOPE_SANITIZE})
    add_compile_definitions(HOPSCOPE_SANITIZED=1)
endif()

add_library(hopscope_flags INTERFACE)
target_compile_options(hopscope_flags INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wno-unused-parameter $<$<BOOL:${HOPSCOPE_WERROR}>:-Werror;-Wno-error=restrict>>
    # No -Wpedantic: nvcc's own line marks trip it.
    $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wno-unused-parameter $<$<BOOL:${HOPSCOPE_WERROR}>:-Werror=all-warnings>>)
target_include_directories(hopscope_flags INTERFACE "${PROJECT_SOURCE_DIR}")
