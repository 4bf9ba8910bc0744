# The CUDA compiler: one given by the user, the one that scripts/setup brought, one on PATH, or the usual place.
if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
    find_program(HOPSCOPE_NVCC nvcc
        HINTS "${HOPSCOPE_SETUP_NVCC}" "${HOPSCOPE_DEPS}/python/nvidia/cu13/bin" "$ENV{CUDA_HOME}/bin" /usr/local/cuda/bin)
    if(NOT HOPSCOPE_NVCC)
        message(FATAL_ERROR "No CUDA compiler (nvcc) found. Run scripts/setup --cuda, or pass -DHOPSCOPE_CUDA=OFF.")
    endif()
    set(CMAKE_CUDA_COMPILER "${HOPSCOPE_NVCC}")
endif()
if(NOT CMAKE_CUDA_ARCHITECTURES)
    # A100 and H100 as machine code, and PTX from which drivers make code for later devices.
    set(CMAKE_CUDA_ARCHITECTURES 80-real 90)
endif()
# The CUDA run time is linked by its file below: LibTorch uses the shared one, and two in a process do not share streams.
set(CMAKE_CUDA_RUNTIME_LIBRARY None)
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_FLAGS_RELEASE "-O3 -DNDEBUG")
if(HOPSCOPE_CCACHE)
    set(CMAKE_CUDA_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
enable_language(CUDA)
if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12.8)
    message(FATAL_ERROR "${CMAKE_CUDA_COMPILER} is CUDA ${CMAKE_CUDA_COMPILER_VERSION}; LibTorch 2.11 is built with 13.0. "
        "Run scripts/setup --cuda, or pass -DCMAKE_CUDA_COMPILER=PATH.")
endif()

# hopscope_cuda_objects(LIBRARY): compiles every cuda/*.cu beside LIBRARY's sources as the target LIBRARY_cuda and joins it.
function(hopscope_cuda_objects library)
    get_target_property(folder ${library} SOURCE_DIR)
    file(GLOB sources CONFIGURE_DEPENDS "${folder}/cuda/*.cu")
    if(NOT sources)
        return()
    endif()
    add_library(${library}_cuda OBJECT ${sources})
    target_link_libraries(${library}_cuda PUBLIC hopscope_flags hopscope_torch)
    target_compile_options(${library}_cuda PRIVATE --expt-relaxed-constexpr)
    target_sources(${library} PRIVATE $<TARGET_OBJECTS:${library}_cuda>)
endfunction()
