/** The messages of a conversation: alternatives, edits, what is deleted, and where the view stands. */
import { expect, test } from '../fixtures';

test('Answer again makes an alternative, and one can go to and fro', async ({ chat }) => {
  // Nobody else asks this: the provider, which all tests of a worker share, counts the answers to a question.
  await chat.open();
  await chat.ask('fast eddies');
  await expect(chat.answer).toHaveText('Answer number 1 to: fast eddies');
  await chat.reply.getByRole('button', { name: 'Answer again' }).click();
  await expect(chat.reply.locator('.siblings')).toHaveText('2/2');
  await chat.ended();
  await expect(chat.answer).toHaveText('Answer number 2 to: fast eddies');
  await expect(chat.reply.getByRole('button', { name: 'Next alternative' })).toBeDisabled();
  await chat.reply.getByRole('button', { name: 'Alternative before' }).click();
  await expect(chat.reply.locator('.siblings')).toHaveText('1/2');
  await expect(chat.answer).toHaveText('Answer number 1 to: fast eddies');
  await chat.reload();
  await expect(chat.answer, 'the choice is kept').toHaveText('Answer number 1 to: fast eddies');
  await chat.reply.getByRole('button', { name: 'Next alternative' }).click();
  await expect(chat.answer).toHaveText('Answer number 2 to: fast eddies');
});

test('a message can be edited and sent again; the old one stays beside it', async ({ chat, page, provider }) => {
  await chat.open();
  await chat.ask('fast rivers');
  await chat.ask('fast lakes');
  const first = chat.questions.first();
  await first.getByRole('button', { name: 'Edit and send again' }).click();
  const field = page.getByRole('textbox', { name: 'Your message' });
  await expect(field).toHaveValue('fast rivers');
  await field.press('Escape');
  await expect(field).toHaveCount(0);
  await first.getByRole('button', { name: 'Edit and send again' }).click();
  await field.fill('fast oceans');
  await first.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(chat.questions).toHaveCount(1);
  await expect(chat.questions.locator('.said')).toHaveText('fast oceans');
  await expect(chat.questions.locator('.siblings')).toHaveText('2/2');
  await chat.ended();
  await expect(chat.answer).toHaveText(/to: fast oceans\s*$/);
  expect(provider.asked.at(-1)!.messages.filter(it => it.role === 'user').map(it => it.content), 'the model is not told of the other branch').toEqual(['fast oceans']);
  await chat.questions.getByRole('button', { name: 'Alternative before' }).click();
  await expect(chat.questions.locator('.said')).toHaveText(['fast rivers', 'fast lakes']);
  await expect(chat.answer).toHaveText(/to: fast lakes\s*$/);
});

test('a message that was deleted comes back with Undo', async ({ chat }) => {
  await chat.open();
  await chat.ask('fast bread');
  await chat.ask('fast butter');
  await chat.reply.getByRole('button', { name: 'Delete' }).click();
  await expect(chat.replies).toHaveCount(1);
  const toast = chat.toasts.filter({ hasText: 'Message deleted' });
  await toast.getByRole('button', { name: 'Undo' }).click();
  await expect(chat.replies).toHaveCount(2);
  await expect(chat.answer).toHaveText(/to: fast butter\s*$/);
  await expect(toast).toHaveCount(0);
  await chat.reply.getByRole('button', { name: 'Delete' }).click();
  await expect(chat.replies).toHaveCount(1);
  await chat.reload();
  await expect(chat.replies, 'without Undo it stays deleted').toHaveCount(1);
});

test('the view follows the answer only while it is at the end', async ({ chat, provider, page }) => {
  const gate = provider.gate();
  await chat.open();
  await chat.send(`long ${gate.mark}`);
  await gate.reached();
  await expect(chat.answer).toContainText('Paragraph 40 of many');
  await expect.poll(() => chat.below(), { message: 'it follows' }).toBeLessThan(48);
  await chat.thread.hover();
  await page.mouse.wheel(0, -900);
  await expect(page.getByRole('button', { name: 'Go to the end' })).toBeVisible();
  await expect.poll(() => chat.below()).toBeGreaterThan(400);
  let at = -1;
  // Until the wheel's smooth movement is over.
  await expect.poll(async () => at === (at = await chat.thread.evaluate(it => it.scrollTop)), { intervals: [150] }).toBe(true);
  gate.open();
  await chat.ended();
  await expect(chat.answer).toContainText('Paragraph 80 of many');
  expect(await chat.thread.evaluate(it => it.scrollTop), 'who reads above is left there').toBe(at);
  await page.getByRole('button', { name: 'Go to the end' }).click();
  await expect.poll(() => chat.below()).toBeLessThan(48);
  await expect(page.getByRole('button', { name: 'Go to the end' })).toHaveCount(0);
});

test('the view follows a long answer to its end, and a reload shows the end', async ({ chat }) => {
  await chat.open();
  await chat.ask('long');
  await expect(chat.answer).toContainText('Paragraph 80 of many');
  await expect.poll(() => chat.below()).toBeLessThan(48);
  await chat.reload();
  await expect.poll(() => chat.below(), { message: 'after a reload' }).toBeLessThan(48);
});
