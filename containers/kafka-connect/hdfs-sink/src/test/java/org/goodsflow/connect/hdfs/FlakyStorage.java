package org.goodsflow.connect.hdfs;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.util.List;
import java.util.function.Predicate;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;

/** A storage whose operations fail on request, before or after they take effect. */
final class FlakyStorage implements Storage {
  private final Storage storage;

  /** Operations that fail without an effect: makeFolder, list, delete, create, write, move. */
  Predicate<String> failsBefore = operation -> false;

  /** Operations that take effect, but whose response is lost. */
  Predicate<String> failsAfter = operation -> false;

  FlakyStorage(Storage storage) {
    this.storage = storage;
  }

  @Override
  public void makeFolder(Path folder) throws IOException {
    check(failsBefore, "makeFolder");
    storage.makeFolder(folder);
    check(failsAfter, "makeFolder");
  }

  @Override
  public List<String> list(Path folder) throws IOException {
    check(failsBefore, "list");
    return storage.list(folder);
  }

  @Override
  public void delete(Path path) throws IOException {
    check(failsBefore, "delete");
    storage.delete(path);
    check(failsAfter, "delete");
  }

  @Override
  public FSDataOutputStream create(Path file) throws IOException {
    check(failsBefore, "create");
    OutputStream stream = storage.create(file);
    check(failsAfter, "create");
    return new FSDataOutputStream(new FlakyStream(stream), null);
  }

  @Override
  public void move(Path file, Path target) throws IOException {
    check(failsBefore, "move");
    storage.move(file, target);
    check(failsAfter, "move");
  }

  @Override
  public void close() throws IOException {
    storage.close();
  }

  private static void check(Predicate<String> fails, String operation) throws IOException {
    if (fails.test(operation)) {
      throw new ConnectException("told to fail: " + operation);
    }
  }

  private final class FlakyStream extends FilterOutputStream {
    FlakyStream(OutputStream stream) {
      super(stream);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      check(failsBefore, "write");
      out.write(bytes, offset, length);
    }
  }
}
