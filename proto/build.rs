//! Generates the Rust of our `.proto` files, without protoc.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script writes what cargo can make again; store::disk is for data"
)]

use std::error::Error;
use std::path::PathBuf;

use prost::Message as _;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver};

const QUERY_SERVICE: &str = "jaeger/api_v3/query_service.proto";
const OTLP_TRACES: &str = "opentelemetry/proto/trace/v1/trace.proto";

/// Names the one OTLP message that the query service answers with. Its Rust comes from `opentelemetry-proto`, and so
/// does what reflection tells of it.
struct OtlpByName;

impl FileResolver for OtlpByName {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name != OTLP_TRACES {
            return Err(protox::Error::file_not_found(name));
        }
        let source = "syntax = \"proto3\"; package opentelemetry.proto.trace.v1; message TracesData {}";
        File::from_source(name, source)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=jaeger");
    let mut resolver = ChainFileResolver::new();
    resolver.add(IncludeFileResolver::new(PathBuf::from(".")));
    resolver.add(OtlpByName);
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true).open_file(QUERY_SERVICE)?;
    let files = compiler.file_descriptor_set();

    let mut described = files.clone();
    described.file.retain(|file| file.name() != OTLP_TRACES);
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("jaeger_api_v3.bin"), described.encode_to_vec())?;

    tonic_prost_build::configure()
        .build_transport(false)
        .extern_path(
            ".opentelemetry.proto.trace.v1.TracesData",
            "::opentelemetry_proto::tonic::trace::v1::TracesData",
        )
        .compile_fds(files)?;
    Ok(())
}
