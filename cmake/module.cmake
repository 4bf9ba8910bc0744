# hopscope_library(NAME DEPS target… [SOURCES file…]): one static library a folder, from every .cpp in it.
function(hopscope_library name)
    cmake_parse_arguments(arg "" "" "DEPS;SOURCES" ${ARGN})
    if(NOT arg_SOURCES)
        file(GLOB arg_SOURCES CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
    endif()
    if(arg_SOURCES)
        add_library(${name} STATIC ${arg_SOURCES})
        target_link_libraries(${name} PUBLIC hopscope_flags ${arg_DEPS})
    else()
        add_library(${name} INTERFACE)
        target_link_libraries(${name} INTERFACE hopscope_flags ${arg_DEPS})
    endif()
endfunction()

# hopscope_discover(TARGET FILTER …): the cases of a test program that match a GoogleTest filter become ctest entries.
function(hopscope_discover name filter labels timeout)
    # Asking the program for its cases while building fails where it needs a device that the build machine lacks.
    set(mode POST_BUILD)
    if(HOPSCOPE_CUDA)
        set(mode PRE_TEST)
    endif()
    # Escaped, since a plain list would lose all labels but the first on its way to ctest.
    string(REPLACE ";" "\\;" labels "${labels}")
    set(more "")
    if(labels MATCHES "gui")
        # Windows of one screen take the keyboard from each other.
        set(more RUN_SERIAL TRUE)
    elseif(labels MATCHES "train")
        set(more PROCESSORS 2)
    endif()
    # Only guards against hanging, so it is wide: the sanitizers take many times as long.
    if(HOPSCOPE_SANITIZE)
        math(EXPR timeout "5 * ${timeout}")
    endif()
    # Several tests run at once: threads that wait for each other must not take a core to do it.
    gtest_discover_tests(${name} TEST_FILTER "${filter}" DISCOVERY_TIMEOUT 120 DISCOVERY_MODE ${mode}
        PROPERTIES LABELS "${labels}" TIMEOUT ${timeout} ENVIRONMENT GOMP_SPINCOUNT=2000 ${more})
endfunction()

# hopscope_test(NAME LABELS lane… DEPS target…): one GoogleTest program from every .cpp in the folder, each case a ctest entry.
# The target lane_LABEL builds all programs of a lane.
function(hopscope_test name)
    cmake_parse_arguments(arg "" "TIMEOUT" "LABELS;DEPS;SOURCES" ${ARGN})
    if(NOT arg_SOURCES)
        file(GLOB arg_SOURCES CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
    endif()
    if(NOT arg_SOURCES)
        return()
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE hopscope_flags ${arg_DEPS} GTest::gtest GTest::gtest_main)
    if(HOPSCOPE_SANITIZE MATCHES "thread")
        # The thread sanitizer of g++ 12 stops at start when the kernel scatters addresses widely; setarch -R forbids that.
        find_program(HOPSCOPE_SETARCH setarch REQUIRED)
        set_target_properties(${name} PROPERTIES CROSSCOMPILING_EMULATOR "${HOPSCOPE_SETARCH};-R")
    endif()
    foreach(lane IN LISTS arg_LABELS)
        if(NOT TARGET lane_${lane})
            add_custom_target(lane_${lane})
        endif()
        add_dependencies(lane_${lane} ${name})
    endforeach()
    hopscope_discover(${name} "-*.Data*:Data*" "${arg_LABELS}" ${arg_TIMEOUT})
    # Cases or suites named Data… read real data (HOPSCOPE_DATA); they carry the label data as well.
    hopscope_discover(${name} "*.Data*:Data*" "${arg_LABELS};data" ${arg_TIMEOUT})
endfunction()
